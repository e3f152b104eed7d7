"""The memory size that suits a function, measured.

request    what the user asks for, checked
looking    the function as it is, and what forbids tuning it
latest     $LATEST, which is changed to publish a version per size and put back at once; and those versions
measuring  calls to the versions: cold ones first, then warm ones, size by size in turn
figures    what the calls took and cost, and how far off that may be
advice     the sizes to recommend
run        all of it, in every region asked for

$LATEST is changed only while the versions are published. The note of what it was stands in $LATEST itself, as an
environment variable: one UpdateFunctionConfiguration writes the note and the memory, and one takes both back, so
that no kill comes between. A deploy meanwhile replaces the whole environment, so that the note is gone and nothing
of the deploy is undone. The same variable makes each version differ from every release: PublishVersion cannot
answer an older version (B23), and a deploy cannot take one of these for its own.
"""
