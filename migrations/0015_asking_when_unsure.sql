-- +goose Up
-- A post of this account which cannot be found is sent once more without asking,
-- where the platform refuses the same text twice (reliability.md 2.5, class C). That is
-- now so unless people said otherwise; where they did, it stays.
ALTER TABLE connections ADD COLUMN asks_when_unsure INTEGER NOT NULL DEFAULT 0 CHECK (asks_when_unsure IN (0, 1));
UPDATE connections SET asks_when_unsure = 1
WHERE sends_again = 0 AND EXISTS (
  SELECT 1 FROM audit a
  WHERE a.club_id = connections.club_id AND a.action = 'account_asks' AND a.object = connections.platform || ' ' || connections.remote_id
);
ALTER TABLE connections DROP COLUMN sends_again;

-- Posts of which nobody knows whether they are public wait for a decision, too.
DROP INDEX deliveries_put_aside;
CREATE INDEX deliveries_put_aside ON deliveries (club_id, phase)
  WHERE phase IN ('held', 'restored', 'clone', 'clock', 'late', 'reconnect', 'ambiguous', 'reconciling');
