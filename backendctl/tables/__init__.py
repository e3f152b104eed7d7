"""Tables over regions: what a sync of them alone does, whether they are alike, and how far one lags behind another."""
