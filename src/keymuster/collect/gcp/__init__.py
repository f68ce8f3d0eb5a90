"""Google Cloud, through its APIs: who may be asked, and what of."""
