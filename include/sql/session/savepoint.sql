-- Marks a point that the transaction can go back to. Parameters: none. Locks nothing.
SAVEPOINT pgpipelines;
