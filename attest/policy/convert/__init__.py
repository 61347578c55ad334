"""Policies of other engines, read and written as policies of this one."""
