"""Work beyond one stage: the whole run, adding raw data, listing what there is."""
