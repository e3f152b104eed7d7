"""What is remembered in parameters of Systems Manager: releases, regions, drains."""
