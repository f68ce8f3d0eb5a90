"""Templates of Azure Resource Manager, written as JSON or in Bicep."""
