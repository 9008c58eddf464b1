"""Open data sets: what there is, under which licence, and how one comes to this machine.

Enters: a name of the catalogue. Leaves: files in the local cache with a study beside them, or a
`data` section that reads them from there. Only `fetching` and `transfer` use the network, and
only `bedside data get` calls them.
"""
