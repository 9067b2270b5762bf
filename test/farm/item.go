package farm

import (
	"context"
	"database/sql"
)

// Item is a build among the farm's, with what belongs to it.
type Item struct {
	build, pkg, task, userID, rpm, root, host, event, time, last, lastEvent int64
	name, version, release, user, rpmName, tag                              string
}

func (f Item) nvr() string { return f.name + "-" + f.version + "-" + f.release }

// Samples picks complete builds, without an order but the same ones each time.
func Samples(ctx context.Context, d *sql.DB, n int) (all []Item, err error) {
	rows, err := d.QueryContext(ctx, `WITH b AS (SELECT build.*, (SELECT max(id) FROM build) AS last FROM build WHERE state = 1 ORDER BY md5(id::text) LIMIT $1)
		SELECT b.id, b.pkg_id, b.task_id, u.id, r.id, r.buildroot_id, root.host_id, b.create_event, b.completion_time / 1000000, (SELECT max(time) / 1000000 FROM event), (SELECT max(id) FROM event), p.name, b.version, b.release, u.name,
			r.name || '-' || r.version || '-' || r.release || '.' || r.arch, 'f' || 40 + (b.id - 1) * 6 / b.last
		FROM b JOIN package p ON p.id = b.pkg_id JOIN users u ON u.id = b.owner
		JOIN rpminfo r ON r.build_id = b.id AND r.arch = 'x86_64' AND r.name = p.name JOIN buildroot root ON root.id = r.buildroot_id ORDER BY md5(b.id::text)`, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f Item
		if err := rows.Scan(&f.build, &f.pkg, &f.task, &f.userID, &f.rpm, &f.root, &f.host, &f.event, &f.time, &f.last, &f.lastEvent,
			&f.name, &f.version, &f.release, &f.user, &f.rpmName, &f.tag); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}
