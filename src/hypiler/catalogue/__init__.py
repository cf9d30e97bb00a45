"""The catalogue: a registry as one HTML page that people search, sort, plot and compare, without a server or network.

`data` makes plain data of a registry, and `html` puts it into the page whose parts are in `assets`.
"""
