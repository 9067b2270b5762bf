-- +goose Up
-- room: hub/build
-- drafts of one name-version-release may hold the same packages, built anew;
-- of a build that was promoted it is kept when and by whom
DROP INDEX rpminfo_nvra;
CREATE UNIQUE INDEX rpminfo_nvra ON rpminfo (namespace, name, version, release, arch) WHERE external_repo_id = 0 AND draft = FALSE;
CREATE UNIQUE INDEX rpminfo_draft ON rpminfo (build_id, name, version, release, arch) WHERE draft = TRUE;
CREATE INDEX rpminfo_named ON rpminfo (name, version, release, arch);
ALTER TABLE build ADD COLUMN promotion_time BIGINT;
ALTER TABLE build ADD COLUMN promoter BIGINT REFERENCES users(id);
