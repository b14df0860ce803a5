"""A linear model of arrival delays, trained by nodes that own flights."""
