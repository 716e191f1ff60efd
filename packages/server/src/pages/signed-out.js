// Keeps the receipt up to date for as long as something is under way.
