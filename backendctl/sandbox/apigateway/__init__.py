"""API Gateway v1 as AWS runs it: the control plane (`/restapis`…) and the data plane (`execute-api`)."""
