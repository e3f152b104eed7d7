"""What a request is in IAM's words, and whether a policy allows it: `sandbox up --iam POLICY.json`."""
