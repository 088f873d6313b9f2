"""The kinds of drift, one file each, which `monitor` finds by their being here."""
