"""Tables, their replicas in other regions, and the scaling of their capacity."""
