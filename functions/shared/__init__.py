"""What every function of corkhounds has in common; packaged beside each handler as the folder `shared`."""
