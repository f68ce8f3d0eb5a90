"""What the HTML report is made of: the data in its page, where the graph lies, styles and scripts."""
