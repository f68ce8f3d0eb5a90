"""Runs on many machines: Procrastinate on the PostgreSQL of the store. What is so, the store says; a job only says that there
is something to do, so that one too many does no harm, and one too few is made again."""
