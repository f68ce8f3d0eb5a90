"""AI agents and MCP servers as files configure them."""
