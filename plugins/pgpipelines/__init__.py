"""Copies, rolls up and protects PostgreSQL data, and proves the result. See docs/ for each job."""
