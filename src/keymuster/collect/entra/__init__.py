"""Microsoft Entra and Azure as their APIs tell of them: Microsoft Graph and Azure Resource Manager."""
