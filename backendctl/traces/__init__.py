"""Where requests spend their time, by X-Ray: traces of every region, cut into parts, and the slow and failing ones."""
