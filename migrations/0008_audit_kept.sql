-- +goose Up
-- The record of who did what is only added to (rule W11).
-- +goose StatementBegin
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
-- +goose StatementEnd
-- REPLACE deletes without asking triggers.
-- +goose StatementBegin
CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = new.id) BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
-- +goose StatementEnd

-- From where a person usually signs in.
CREATE INDEX audit_signed_in ON audit (person_id, at) WHERE action = 'signed_in';
