-- Lets a sequence stand where another stood. A sequence does not roll back.
-- Parameters: bound: sequence (text of its quoted name), value, called. Locks ROW EXCLUSIVE on the sequence.
SELECT setval(%(sequence)s::regclass, %(value)s, %(called)s);
