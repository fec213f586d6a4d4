-- Who did that: what an act changed, before and after.

ALTER TABLE acts ADD COLUMN changes TEXT;
