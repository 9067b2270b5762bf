-- +goose Up
-- room: hub/build
-- roots in which content generators built: what there is to say of them comes
-- from whoever imports, not from a host of the hub's
ALTER TABLE buildroot ADD COLUMN cg_id BIGINT REFERENCES content_generator(id);
ALTER TABLE buildroot ADD COLUMN cg_version TEXT;
ALTER TABLE buildroot ADD COLUMN container_type TEXT;
ALTER TABLE buildroot ADD COLUMN host_os TEXT;
ALTER TABLE buildroot ADD COLUMN host_arch TEXT;
CREATE TABLE buildroot_tools_info (
    buildroot_id BIGINT NOT NULL REFERENCES buildroot(id),
    tool         TEXT   NOT NULL,
    version      TEXT   NOT NULL,
    PRIMARY KEY (buildroot_id, tool)
);
