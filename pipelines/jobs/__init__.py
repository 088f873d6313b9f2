"""Jobs beyond one stage: the whole run, tries side by side, adding raw data, listing plug-ins."""
