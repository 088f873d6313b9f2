-- sqlite

CREATE TABLE holdfast_operations_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT holdfast_operations_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE holdfast_rounds (
	spec TEXT NOT NULL,
	as_of TEXT NOT NULL,
	written_at TEXT NOT NULL,
	"by" TEXT NOT NULL,
	seed TEXT NOT NULL,
	control DOUBLE NOT NULL,
	explore DOUBLE NOT NULL,
	window_closes_at TEXT NOT NULL,
	versions TEXT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (spec, as_of)
)

CREATE TABLE holdfast_assignments (
	spec TEXT NOT NULL,
	as_of TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	place INTEGER NOT NULL,
	action TEXT NOT NULL,
	proposed TEXT NOT NULL,
	withheld BOOLEAN NOT NULL,
	explored BOOLEAN NOT NULL,
	level TEXT NOT NULL,
	risk DOUBLE NOT NULL,
	expected_value DOUBLE,
	because TEXT NOT NULL,
	probabilities TEXT NOT NULL,
	reasons TEXT NOT NULL,
	PRIMARY KEY (spec, as_of, customer_id),
	FOREIGN KEY(spec, as_of) REFERENCES holdfast_rounds (spec, as_of)
)

CREATE TABLE holdfast_warnings (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	raised_at TEXT NOT NULL,
	level TEXT NOT NULL,
	owner TEXT NOT NULL,
	channel TEXT NOT NULL,
	due_at TEXT NOT NULL,
	escalates_to TEXT,
	versions TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at)
)

CREATE TABLE holdfast_warning_events (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	kind TEXT NOT NULL,
	happened_at TEXT NOT NULL,
	known_at TEXT NOT NULL,
	"by" TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at, kind)
)

CREATE TABLE holdfast_deliveries (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	receiver TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	state TEXT NOT NULL,
	at TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at, receiver, attempt, state)
)

CREATE TABLE holdfast_episodes (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT,
	fired BOOLEAN NOT NULL,
	last_fired_at TEXT,
	as_of TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id)
)

CREATE TRIGGER holdfast_rounds_update BEFORE UPDATE ON holdfast_rounds BEGIN SELECT RAISE(ABORT, 'holdfast_rounds: it is append-only'); END

CREATE TRIGGER holdfast_rounds_delete BEFORE DELETE ON holdfast_rounds BEGIN SELECT RAISE(ABORT, 'holdfast_rounds: it is append-only'); END

CREATE TRIGGER holdfast_rounds_replace BEFORE INSERT ON holdfast_rounds WHEN EXISTS (SELECT 1 FROM holdfast_rounds WHERE spec = NEW.spec AND as_of = NEW.as_of) BEGIN SELECT RAISE(ABORT, 'holdfast_rounds: it is append-only'); END

CREATE TRIGGER holdfast_assignments_update BEFORE UPDATE ON holdfast_assignments BEGIN SELECT RAISE(ABORT, 'holdfast_assignments: it is append-only'); END

CREATE TRIGGER holdfast_assignments_delete BEFORE DELETE ON holdfast_assignments BEGIN SELECT RAISE(ABORT, 'holdfast_assignments: it is append-only'); END

CREATE TRIGGER holdfast_assignments_replace BEFORE INSERT ON holdfast_assignments WHEN EXISTS (SELECT 1 FROM holdfast_assignments WHERE spec = NEW.spec AND as_of = NEW.as_of AND customer_id = NEW.customer_id) BEGIN SELECT RAISE(ABORT, 'holdfast_assignments: it is append-only'); END

CREATE TRIGGER holdfast_warnings_update BEFORE UPDATE ON holdfast_warnings BEGIN SELECT RAISE(ABORT, 'holdfast_warnings: it is append-only'); END

CREATE TRIGGER holdfast_warnings_delete BEFORE DELETE ON holdfast_warnings BEGIN SELECT RAISE(ABORT, 'holdfast_warnings: it is append-only'); END

CREATE TRIGGER holdfast_warnings_replace BEFORE INSERT ON holdfast_warnings WHEN EXISTS (SELECT 1 FROM holdfast_warnings WHERE spec = NEW.spec AND rule = NEW.rule AND customer_id = NEW.customer_id AND began_at = NEW.began_at) BEGIN SELECT RAISE(ABORT, 'holdfast_warnings: it is append-only'); END

CREATE TRIGGER holdfast_warning_events_update BEFORE UPDATE ON holdfast_warning_events BEGIN SELECT RAISE(ABORT, 'holdfast_warning_events: it is append-only'); END

CREATE TRIGGER holdfast_warning_events_delete BEFORE DELETE ON holdfast_warning_events BEGIN SELECT RAISE(ABORT, 'holdfast_warning_events: it is append-only'); END

CREATE TRIGGER holdfast_warning_events_replace BEFORE INSERT ON holdfast_warning_events WHEN EXISTS (SELECT 1 FROM holdfast_warning_events WHERE spec = NEW.spec AND rule = NEW.rule AND customer_id = NEW.customer_id AND began_at = NEW.began_at AND kind = NEW.kind) BEGIN SELECT RAISE(ABORT, 'holdfast_warning_events: it is append-only'); END

CREATE TRIGGER holdfast_deliveries_update BEFORE UPDATE ON holdfast_deliveries BEGIN SELECT RAISE(ABORT, 'holdfast_deliveries: it is append-only'); END

CREATE TRIGGER holdfast_deliveries_delete BEFORE DELETE ON holdfast_deliveries BEGIN SELECT RAISE(ABORT, 'holdfast_deliveries: it is append-only'); END

CREATE TRIGGER holdfast_deliveries_replace BEFORE INSERT ON holdfast_deliveries WHEN EXISTS (SELECT 1 FROM holdfast_deliveries WHERE spec = NEW.spec AND rule = NEW.rule AND customer_id = NEW.customer_id AND began_at = NEW.began_at AND receiver = NEW.receiver AND attempt = NEW.attempt AND state = NEW.state) BEGIN SELECT RAISE(ABORT, 'holdfast_deliveries: it is append-only'); END

INSERT INTO holdfast_operations_version (version_num) VALUES ('0001') RETURNING version_num

ALTER TABLE holdfast_assignments ADD COLUMN next_best TEXT

ALTER TABLE holdfast_assignments ADD COLUMN warnings TEXT

ALTER TABLE holdfast_deliveries ADD COLUMN reason TEXT

UPDATE holdfast_operations_version SET version_num='0002' WHERE holdfast_operations_version.version_num = '0001'

ALTER TABLE holdfast_assignments ADD COLUMN value DOUBLE

ALTER TABLE holdfast_assignments ADD COLUMN segment TEXT

ALTER TABLE holdfast_assignments ADD COLUMN playbook_row TEXT

CREATE TABLE holdfast_contacts (
	spec TEXT NOT NULL,
	"key" TEXT NOT NULL,
	contact TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	action TEXT NOT NULL,
	happened_at TEXT NOT NULL,
	outcome TEXT NOT NULL,
	offer_taken BOOLEAN,
	cost DOUBLE,
	currency TEXT NOT NULL,
	round TEXT,
	"by" TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY (spec, "key")
)

CREATE TABLE holdfast_contact_notes (
	spec TEXT NOT NULL,
	"key" TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (spec, "key")
)

CREATE TABLE holdfast_opt_outs (
	"key" TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	action TEXT NOT NULL,
	opted_out BOOLEAN NOT NULL,
	happened_at TEXT NOT NULL,
	spec TEXT NOT NULL,
	"by" TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY ("key")
)

CREATE TABLE holdfast_outcomes (
	spec TEXT NOT NULL,
	"key" TEXT NOT NULL,
	round TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	churned BOOLEAN NOT NULL,
	happened_at TEXT,
	"by" TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY (spec, "key")
)

CREATE TRIGGER holdfast_contacts_update BEFORE UPDATE ON holdfast_contacts BEGIN SELECT RAISE(ABORT, 'holdfast_contacts: it is append-only'); END

CREATE TRIGGER holdfast_contacts_delete BEFORE DELETE ON holdfast_contacts BEGIN SELECT RAISE(ABORT, 'holdfast_contacts: it is append-only'); END

CREATE TRIGGER holdfast_contacts_replace BEFORE INSERT ON holdfast_contacts WHEN EXISTS (SELECT 1 FROM holdfast_contacts WHERE spec = NEW.spec AND key = NEW.key) BEGIN SELECT RAISE(ABORT, 'holdfast_contacts: it is append-only'); END

CREATE TRIGGER holdfast_opt_outs_update BEFORE UPDATE ON holdfast_opt_outs BEGIN SELECT RAISE(ABORT, 'holdfast_opt_outs: it is append-only'); END

CREATE TRIGGER holdfast_opt_outs_delete BEFORE DELETE ON holdfast_opt_outs BEGIN SELECT RAISE(ABORT, 'holdfast_opt_outs: it is append-only'); END

CREATE TRIGGER holdfast_opt_outs_replace BEFORE INSERT ON holdfast_opt_outs WHEN EXISTS (SELECT 1 FROM holdfast_opt_outs WHERE key = NEW.key) BEGIN SELECT RAISE(ABORT, 'holdfast_opt_outs: it is append-only'); END

CREATE TRIGGER holdfast_outcomes_update BEFORE UPDATE ON holdfast_outcomes BEGIN SELECT RAISE(ABORT, 'holdfast_outcomes: it is append-only'); END

CREATE TRIGGER holdfast_outcomes_delete BEFORE DELETE ON holdfast_outcomes BEGIN SELECT RAISE(ABORT, 'holdfast_outcomes: it is append-only'); END

CREATE TRIGGER holdfast_outcomes_replace BEFORE INSERT ON holdfast_outcomes WHEN EXISTS (SELECT 1 FROM holdfast_outcomes WHERE spec = NEW.spec AND key = NEW.key) BEGIN SELECT RAISE(ABORT, 'holdfast_outcomes: it is append-only'); END

UPDATE holdfast_operations_version SET version_num='0003' WHERE holdfast_operations_version.version_num = '0002'

ALTER TABLE holdfast_assignments ADD COLUMN why_action TEXT

UPDATE holdfast_operations_version SET version_num='0004' WHERE holdfast_operations_version.version_num = '0003'

CREATE TABLE holdfast_erased (
	salt TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (salt, hash)
)

CREATE TABLE holdfast_erasures (
	pseudonym TEXT NOT NULL,
	spec TEXT NOT NULL,
	part TEXT NOT NULL,
	at TEXT NOT NULL,
	"by" TEXT NOT NULL,
	told TEXT NOT NULL,
	PRIMARY KEY (pseudonym, spec, part)
)

CREATE TRIGGER holdfast_erased_update BEFORE UPDATE ON holdfast_erased BEGIN SELECT RAISE(ABORT, 'holdfast_erased: it is append-only'); END

CREATE TRIGGER holdfast_erased_delete BEFORE DELETE ON holdfast_erased BEGIN SELECT RAISE(ABORT, 'holdfast_erased: it is append-only'); END

CREATE TRIGGER holdfast_erased_replace BEFORE INSERT ON holdfast_erased WHEN EXISTS (SELECT 1 FROM holdfast_erased WHERE salt = NEW.salt AND hash = NEW.hash) BEGIN SELECT RAISE(ABORT, 'holdfast_erased: it is append-only'); END

CREATE TRIGGER holdfast_erasures_update BEFORE UPDATE ON holdfast_erasures BEGIN SELECT RAISE(ABORT, 'holdfast_erasures: it is append-only'); END

CREATE TRIGGER holdfast_erasures_delete BEFORE DELETE ON holdfast_erasures BEGIN SELECT RAISE(ABORT, 'holdfast_erasures: it is append-only'); END

CREATE TRIGGER holdfast_erasures_replace BEFORE INSERT ON holdfast_erasures WHEN EXISTS (SELECT 1 FROM holdfast_erasures WHERE pseudonym = NEW.pseudonym AND spec = NEW.spec AND part = NEW.part) BEGIN SELECT RAISE(ABORT, 'holdfast_erasures: it is append-only'); END

UPDATE holdfast_operations_version SET version_num='0005' WHERE holdfast_operations_version.version_num = '0004'

CREATE TABLE holdfast_shadow_scores (
	spec TEXT NOT NULL,
	shadow TEXT NOT NULL,
	champion TEXT NOT NULL,
	as_of TEXT NOT NULL,
	version TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	moment TEXT NOT NULL,
	said TEXT NOT NULL,
	known TEXT,
	PRIMARY KEY (spec, shadow, champion, as_of, version, customer_id)
)

CREATE TRIGGER holdfast_shadow_scores_update BEFORE UPDATE ON holdfast_shadow_scores BEGIN SELECT RAISE(ABORT, 'holdfast_shadow_scores: it is append-only'); END

CREATE TRIGGER holdfast_shadow_scores_delete BEFORE DELETE ON holdfast_shadow_scores BEGIN SELECT RAISE(ABORT, 'holdfast_shadow_scores: it is append-only'); END

CREATE TRIGGER holdfast_shadow_scores_replace BEFORE INSERT ON holdfast_shadow_scores WHEN EXISTS (SELECT 1 FROM holdfast_shadow_scores WHERE spec = NEW.spec AND shadow = NEW.shadow AND champion = NEW.champion AND as_of = NEW.as_of AND version = NEW.version AND customer_id = NEW.customer_id) BEGIN SELECT RAISE(ABORT, 'holdfast_shadow_scores: it is append-only'); END

UPDATE holdfast_operations_version SET version_num='0006' WHERE holdfast_operations_version.version_num = '0005'

CREATE TABLE holdfast_events (
	spec TEXT NOT NULL,
	"key" TEXT NOT NULL,
	number BIGINT NOT NULL,
	canonical TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	known_at TEXT NOT NULL,
	"row" TEXT NOT NULL,
	raw TEXT,
	PRIMARY KEY (spec, "key")
)

CREATE UNIQUE INDEX holdfast_events_by_number ON holdfast_events (spec, number)

CREATE INDEX holdfast_events_by_customer ON holdfast_events (spec, customer_id, number)

CREATE TABLE holdfast_event_counts (
	spec TEXT NOT NULL,
	number BIGINT NOT NULL,
	known_at TEXT NOT NULL,
	PRIMARY KEY (spec)
)

CREATE TABLE holdfast_answers (
	number BIGINT NOT NULL,
	spec TEXT NOT NULL,
	customer_id TEXT,
	version TEXT NOT NULL,
	answered_at TEXT NOT NULL,
	digest TEXT NOT NULL,
	score DOUBLE,
	advice TEXT,
	event BIGINT,
	kind TEXT NOT NULL,
	PRIMARY KEY (number)
)

CREATE INDEX holdfast_answers_by_customer ON holdfast_answers (spec, customer_id, number)

CREATE INDEX holdfast_answers_by_version ON holdfast_answers (spec, version, answered_at)

CREATE TABLE holdfast_service_keys (
	hash TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	added_at TEXT NOT NULL,
	revoked_at TEXT,
	PRIMARY KEY (hash)
)

CREATE TRIGGER holdfast_events_update BEFORE UPDATE ON holdfast_events BEGIN SELECT RAISE(ABORT, 'holdfast_events: it is append-only'); END

CREATE TRIGGER holdfast_events_delete BEFORE DELETE ON holdfast_events BEGIN SELECT RAISE(ABORT, 'holdfast_events: it is append-only'); END

CREATE TRIGGER holdfast_events_replace BEFORE INSERT ON holdfast_events WHEN EXISTS (SELECT 1 FROM holdfast_events WHERE spec = NEW.spec AND key = NEW.key) BEGIN SELECT RAISE(ABORT, 'holdfast_events: it is append-only'); END

CREATE TRIGGER holdfast_answers_update BEFORE UPDATE ON holdfast_answers BEGIN SELECT RAISE(ABORT, 'holdfast_answers: it is append-only'); END

CREATE TRIGGER holdfast_answers_delete BEFORE DELETE ON holdfast_answers BEGIN SELECT RAISE(ABORT, 'holdfast_answers: it is append-only'); END

CREATE TRIGGER holdfast_answers_replace BEFORE INSERT ON holdfast_answers WHEN EXISTS (SELECT 1 FROM holdfast_answers WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'holdfast_answers: it is append-only'); END

UPDATE holdfast_operations_version SET version_num='0007' WHERE holdfast_operations_version.version_num = '0006'

-- postgresql

CREATE TABLE holdfast_operations_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT holdfast_operations_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE holdfast_rounds (
	spec TEXT NOT NULL,
	as_of TEXT NOT NULL,
	written_at TEXT NOT NULL,
	by TEXT NOT NULL,
	seed TEXT NOT NULL,
	control DOUBLE PRECISION NOT NULL,
	explore DOUBLE PRECISION NOT NULL,
	window_closes_at TEXT NOT NULL,
	versions TEXT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (spec, as_of)
)

CREATE TABLE holdfast_assignments (
	spec TEXT NOT NULL,
	as_of TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	place INTEGER NOT NULL,
	action TEXT NOT NULL,
	proposed TEXT NOT NULL,
	withheld BOOLEAN NOT NULL,
	explored BOOLEAN NOT NULL,
	level TEXT NOT NULL,
	risk DOUBLE PRECISION NOT NULL,
	expected_value DOUBLE PRECISION,
	because TEXT NOT NULL,
	probabilities TEXT NOT NULL,
	reasons TEXT NOT NULL,
	PRIMARY KEY (spec, as_of, customer_id),
	FOREIGN KEY(spec, as_of) REFERENCES holdfast_rounds (spec, as_of)
)

CREATE TABLE holdfast_warnings (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	raised_at TEXT NOT NULL,
	level TEXT NOT NULL,
	owner TEXT NOT NULL,
	channel TEXT NOT NULL,
	due_at TEXT NOT NULL,
	escalates_to TEXT,
	versions TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at)
)

CREATE TABLE holdfast_warning_events (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	kind TEXT NOT NULL,
	happened_at TEXT NOT NULL,
	known_at TEXT NOT NULL,
	by TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at, kind)
)

CREATE TABLE holdfast_deliveries (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT NOT NULL,
	receiver TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	state TEXT NOT NULL,
	at TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id, began_at, receiver, attempt, state)
)

CREATE TABLE holdfast_episodes (
	spec TEXT NOT NULL,
	rule TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	began_at TEXT,
	fired BOOLEAN NOT NULL,
	last_fired_at TEXT,
	as_of TEXT NOT NULL,
	PRIMARY KEY (spec, rule, customer_id)
)

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_rounds_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_rounds FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_assignments_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_assignments FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_warnings_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_warnings FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_warning_events_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_warning_events FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_deliveries_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_deliveries FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

INSERT INTO holdfast_operations_version (version_num) VALUES ('0001') RETURNING holdfast_operations_version.version_num

ALTER TABLE holdfast_assignments ADD COLUMN next_best TEXT

ALTER TABLE holdfast_assignments ADD COLUMN warnings TEXT

ALTER TABLE holdfast_deliveries ADD COLUMN reason TEXT

UPDATE holdfast_operations_version SET version_num='0002' WHERE holdfast_operations_version.version_num = '0001'

ALTER TABLE holdfast_assignments ADD COLUMN value DOUBLE PRECISION

ALTER TABLE holdfast_assignments ADD COLUMN segment TEXT

ALTER TABLE holdfast_assignments ADD COLUMN playbook_row TEXT

CREATE TABLE holdfast_contacts (
	spec TEXT NOT NULL,
	key TEXT NOT NULL,
	contact TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	action TEXT NOT NULL,
	happened_at TEXT NOT NULL,
	outcome TEXT NOT NULL,
	offer_taken BOOLEAN,
	cost DOUBLE PRECISION,
	currency TEXT NOT NULL,
	round TEXT,
	by TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY (spec, key)
)

CREATE TABLE holdfast_contact_notes (
	spec TEXT NOT NULL,
	key TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (spec, key)
)

CREATE TABLE holdfast_opt_outs (
	key TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	action TEXT NOT NULL,
	opted_out BOOLEAN NOT NULL,
	happened_at TEXT NOT NULL,
	spec TEXT NOT NULL,
	by TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY (key)
)

CREATE TABLE holdfast_outcomes (
	spec TEXT NOT NULL,
	key TEXT NOT NULL,
	round TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	churned BOOLEAN NOT NULL,
	happened_at TEXT,
	by TEXT NOT NULL,
	known_at TEXT NOT NULL,
	place INTEGER NOT NULL,
	PRIMARY KEY (spec, key)
)

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_contacts_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_contacts FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_opt_outs_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_opt_outs FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_outcomes_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_outcomes FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

UPDATE holdfast_operations_version SET version_num='0003' WHERE holdfast_operations_version.version_num = '0002'

ALTER TABLE holdfast_assignments ADD COLUMN why_action TEXT

UPDATE holdfast_operations_version SET version_num='0004' WHERE holdfast_operations_version.version_num = '0003'

CREATE TABLE holdfast_erased (
	salt TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (salt, hash)
)

CREATE TABLE holdfast_erasures (
	pseudonym TEXT NOT NULL,
	spec TEXT NOT NULL,
	part TEXT NOT NULL,
	at TEXT NOT NULL,
	by TEXT NOT NULL,
	told TEXT NOT NULL,
	PRIMARY KEY (pseudonym, spec, part)
)

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_erased_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_erased FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_erasures_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_erasures FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

UPDATE holdfast_operations_version SET version_num='0005' WHERE holdfast_operations_version.version_num = '0004'

CREATE TABLE holdfast_shadow_scores (
	spec TEXT NOT NULL,
	shadow TEXT NOT NULL,
	champion TEXT NOT NULL,
	as_of TEXT NOT NULL,
	version TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	moment TEXT NOT NULL,
	said TEXT NOT NULL,
	known TEXT,
	PRIMARY KEY (spec, shadow, champion, as_of, version, customer_id)
)

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_shadow_scores_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_shadow_scores FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

UPDATE holdfast_operations_version SET version_num='0006' WHERE holdfast_operations_version.version_num = '0005'

CREATE TABLE holdfast_events (
	spec TEXT NOT NULL,
	key TEXT NOT NULL,
	number BIGINT NOT NULL,
	canonical TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	known_at TEXT NOT NULL,
	row TEXT NOT NULL,
	raw TEXT,
	PRIMARY KEY (spec, key)
)

CREATE UNIQUE INDEX holdfast_events_by_number ON holdfast_events (spec, number)

CREATE INDEX holdfast_events_by_customer ON holdfast_events (spec, customer_id, number)

CREATE TABLE holdfast_event_counts (
	spec TEXT NOT NULL,
	number BIGINT NOT NULL,
	known_at TEXT NOT NULL,
	PRIMARY KEY (spec)
)

CREATE TABLE holdfast_answers (
	number BIGINT NOT NULL,
	spec TEXT NOT NULL,
	customer_id TEXT,
	version TEXT NOT NULL,
	answered_at TEXT NOT NULL,
	digest TEXT NOT NULL,
	score DOUBLE PRECISION,
	advice TEXT,
	event BIGINT,
	kind TEXT NOT NULL,
	PRIMARY KEY (number)
)

CREATE INDEX holdfast_answers_by_customer ON holdfast_answers (spec, customer_id, number)

CREATE INDEX holdfast_answers_by_version ON holdfast_answers (spec, version, answered_at)

CREATE TABLE holdfast_service_keys (
	hash TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	added_at TEXT NOT NULL,
	revoked_at TEXT,
	PRIMARY KEY (hash)
)

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_events_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_events FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: it is append-only', TG_TABLE_NAME; END $$

CREATE TRIGGER holdfast_answers_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_answers FOR EACH STATEMENT EXECUTE FUNCTION holdfast_refuse()

UPDATE holdfast_operations_version SET version_num='0007' WHERE holdfast_operations_version.version_num = '0006'

-- rows

INSERT INTO holdfast_answers ("number", "spec", "customer_id", "version", "answered_at", "digest", "score", "advice", "event", "kind")
VALUES (1, 'demo', '客户 7', '3', '2026-03-04T10:00:01', 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 0.30000000000000004, '{"action": "call"}', 2, 'event')

INSERT INTO holdfast_answers ("number", "spec", "customer_id", "version", "answered_at", "digest", "score", "advice", "event", "kind")
VALUES (2, 'demo', NULL, '3', '2026-03-04T10:00:02', 'efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef', NULL, NULL, NULL, 'score')

INSERT INTO holdfast_contact_notes ("spec", "key", "note")
VALUES ('demo', 'k1', 'says "it''s 100 % fine"; 還沒好')

INSERT INTO holdfast_contacts ("spec", "key", "contact", "customer_id", "action", "happened_at", "outcome", "offer_taken", "cost", "currency", "round", "by", "known_at", "place")
VALUES ('demo', 'k1', 'c1', '客户 7', 'call', '2026-03-02T10:00:00', 'reached', FALSE, 2.5, 'eur', '2026-03-01', 'desk', '2026-03-03', 0)

INSERT INTO holdfast_deliveries ("spec", "rule", "customer_id", "began_at", "receiver", "attempt", "state", "at", "reason")
VALUES ('demo', 'complaints', '客户 7', '2026-02-01T08:00:00', 'desk', 1, 'begun', '2026-02-01T09:00:01', NULL)

INSERT INTO holdfast_deliveries ("spec", "rule", "customer_id", "began_at", "receiver", "attempt", "state", "at", "reason")
VALUES ('demo', 'complaints', '客户 7', '2026-02-01T08:00:00', 'desk', 1, 'failed', '2026-02-01T09:00:09', 'says "it''s 100 % fine"; 還沒好')

INSERT INTO holdfast_episodes ("spec", "rule", "customer_id", "began_at", "fired", "last_fired_at", "as_of")
VALUES ('demo', 'complaints', '客户 7', '2026-02-01T08:00:00', TRUE, '2026-02-01T08:00:00', '2026-02-03')

INSERT INTO holdfast_erased ("salt", "hash")
VALUES ('00ff', 'abababababababababababababababababababababababababababababababab')

INSERT INTO holdfast_erasures ("pseudonym", "spec", "part", "at", "by", "told")
VALUES ('p1', 'demo', 'files', '2026-04-01', 'ann', '{"rows": 3}')

INSERT INTO holdfast_event_counts ("spec", "number", "known_at")
VALUES ('demo', 3, '2026-03-05T00:00:00.000000')

INSERT INTO holdfast_events ("spec", "key", "number", "canonical", "customer_id", "known_at", "row", "raw")
VALUES ('demo', 'crm-77', 2, 'interactions', '客户 7', '2026-03-04T10:00:00.000001', '{"text": "says \"it''s 100 % fine\"; 還沒好", "complaint": true}', NULL)

INSERT INTO holdfast_events ("spec", "key", "number", "canonical", "customer_id", "known_at", "row", "raw")
VALUES ('demo', 'billing/5', 1, 'transactions', 'o''hara', '2026-03-04T10:00:00.000000', '{"amount": 0.30000000000000004}', '{"file": "payments.csv", "row": {"sum": "0,30"}}')

INSERT INTO holdfast_opt_outs ("key", "customer_id", "action", "opted_out", "happened_at", "spec", "by", "known_at", "place")
VALUES ('k2', 'c9', 'all', TRUE, '2026-03-02T10:00:00', 'demo', 'desk', '2026-03-03', 0)

INSERT INTO holdfast_outcomes ("spec", "key", "round", "customer_id", "churned", "happened_at", "by", "known_at", "place")
VALUES ('demo', 'k3', '2026-03-01', '客户 7', FALSE, '2026-03-02T10:00:00', 'desk', '2026-03-03', 0)

INSERT INTO holdfast_rounds ("spec", "as_of", "written_at", "by", "seed", "control", "explore", "window_closes_at", "versions", "digest")
VALUES ('demo', '2026-03-01', '2026-03-01T00:00:01', 'ann@desk', '12345678901234567890', 0.1, 0.05, '2026-06-15', '{"model": "3", "texts": null}', '9dd08179dacc616866b59cd99afcf0b58463708636b61a89346a13bd8a3712dd')

INSERT INTO holdfast_service_keys ("hash", "name", "role", "added_at", "revoked_at")
VALUES ('0101010101010101010101010101010101010101010101010101010101010101', 'crm', 'write', '2026-03-01T08:00:00', NULL)

INSERT INTO holdfast_service_keys ("hash", "name", "role", "added_at", "revoked_at")
VALUES ('2323232323232323232323232323232323232323232323232323232323232323', 'old', 'read', '2026-02-01T08:00:00', '2026-03-01')

INSERT INTO holdfast_shadow_scores ("spec", "shadow", "champion", "as_of", "version", "customer_id", "moment", "said", "known")
VALUES ('demo', '3', '2', '2026-03-01', '3', '客户 7', '2026-03-01T00:00:00', '{"churn_score": 0.30000000000000004}', '{"price": 9.5, "arm": null}')

INSERT INTO holdfast_shadow_scores ("spec", "shadow", "champion", "as_of", "version", "customer_id", "moment", "said", "known")
VALUES ('demo', '3', '2', '2026-03-01', '2', '客户 7', '2026-03-01T00:00:00', '{"churn_score": 0.30000000000000004}', NULL)

INSERT INTO holdfast_warning_events ("spec", "rule", "customer_id", "began_at", "kind", "happened_at", "known_at", "by", "note")
VALUES ('demo', 'complaints', '客户 7', '2026-02-01T08:00:00', 'done', '2026-02-01T12:00:00', '2026-02-01', 'eve', 'says "it''s 100 % fine"; 還沒好')

INSERT INTO holdfast_warnings ("spec", "rule", "customer_id", "began_at", "raised_at", "level", "owner", "channel", "due_at", "escalates_to", "versions")
VALUES ('demo', 'complaints', '客户 7', '2026-02-01T08:00:00', '2026-02-01T09:00:00', 'high', 'desk', 'mail', '2026-02-02T09:00:00', NULL, '{}')

INSERT INTO holdfast_assignments ("spec", "as_of", "customer_id", "place", "action", "proposed", "withheld", "explored", "level", "risk", "expected_value", "because", "probabilities", "reasons", "next_best", "warnings", "value", "segment", "playbook_row", "why_action")
VALUES ('demo', '2026-03-01', '客户 7', 0, 'call', 'call', FALSE, TRUE, 'high', 0.30000000000000004, -3.25, 'drawn', '{"call": 0.9, "none": 0.1}', '[["pays late", "付款晚"]]', 'coupon', '[{"rule": "complaints"}]', 120.5, 'loyal', '2', '["it helped", "有效"]')

INSERT INTO holdfast_assignments ("spec", "as_of", "customer_id", "place", "action", "proposed", "withheld", "explored", "level", "risk", "expected_value", "because", "probabilities", "reasons", "next_best", "warnings", "value", "segment", "playbook_row", "why_action")
VALUES ('demo', '2026-03-01', 'o''hara', 1, 'none', 'call', TRUE, FALSE, 'high', 0.25, NULL, 'drawn', '{"call": 0.9, "none": 0.1}', '[["pays late", "付款晚"]]', 'coupon', '[{"rule": "complaints"}]', NULL, NULL, NULL, NULL)
