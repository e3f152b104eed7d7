"""Charts as files: the timelines of `warm-status` and the memory sizes of `tune`, as .svg, .png or .html.

Everything here but `target` and the plain modules imports matplotlib, which comes with the extra `charts` and takes
half a second to load; so `writing` is imported when a chart is drawn, not before.
"""
