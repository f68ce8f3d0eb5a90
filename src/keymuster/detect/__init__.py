"""Bytes to secret matches: the engine. Nothing here knows files, git or clouds."""
