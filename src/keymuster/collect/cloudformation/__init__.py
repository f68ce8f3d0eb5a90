"""CloudFormation, and what becomes it: templates, their functions, services of the Serverless Framework."""
