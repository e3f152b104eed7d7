"""Taking users out of a region and back: `drain`, `restore`, `check-regions`, `game-day`, and who respects a drain."""
