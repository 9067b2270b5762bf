package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func onBoth(t *testing.T, fn func(t *testing.T, d *DB)) {
	for _, address := range []string{"sqlite:" + filepath.Join(t.TempDir(), "kura.db"), os.Getenv("KURA_TEST_POSTGRES")} {
		d, err := Open(context.Background(), address)
		if err != nil {
			t.Fatalf("KURA_TEST_POSTGRES: %v", err)
		}
		defer d.Close()
		t.Run(map[Dialect]string{SQLite: "sqlite", Postgres: "postgres"}[d.dialect], func(t *testing.T) { fn(t, d) })
	}
}

type level int

type name string

// Whatever stands in a row goes into the same places as database/sql puts it, and
// nothing goes into others.
func TestRecordsAreReadAsRowsAre(t *testing.T) {
	exprs := []text{
		"CAST(NULL AS BIGINT)", "CAST(NULL AS TEXT)", "CAST(0 AS BIGINT)", "CAST(1 AS BIGINT)", "CAST(2 AS BIGINT)", "CAST(-1 AS BIGINT)",
		"CAST(300 AS INTEGER)", "CAST(-2147483648 AS INTEGER)", "CAST(9223372036854775807 AS BIGINT)", "-9223372036854775807 - 1",
		"CAST(1764316800123456 AS BIGINT)", "CAST('' AS TEXT)", "CAST('x' AS TEXT)", "CAST('12' AS TEXT)", "CAST('-3.5' AS TEXT)", "CAST('1' AS TEXT)",
		"CAST('žluťoučký' AS TEXT)", "TRUE", "FALSE", "1 = 2", "CAST(1.5 AS DOUBLE PRECISION)", "CAST(-1e300 AS DOUBLE PRECISION)", "1 + 1",
		"count(*)", "sum(4)", "max('m')", "COALESCE(NULL, 'text')",
	}
	places := []func() any{
		func() any { return new(string) }, func() any { return new(int64) }, func() any { return new(int) }, func() any { return new(bool) },
		func() any { return new([]byte) }, func() any { return new(float64) }, func() any { return new(any) }, func() any { return new(*string) },
		func() any { return new(*int64) }, func() any { return new(*bool) }, func() any { return new(*float64) }, func() any { return new(level) },
		func() any { return new(*level) }, func() any { return new(name) }, func() any { return new(*name) }, func() any { return new(int8) },
		func() any { return new(uint64) }, func() any { return new(uint8) }, func() any { return new(json.RawMessage) }, func() any { return new(sql.NullInt64) },
		func() any { return new(sql.NullString) }, func() any { return new(sql.NullBool) }, func() any { return new([]string) },
	}
	onBoth(t, func(t *testing.T, d *DB) {
		exprs := append(exprs, map[Dialect][]text{
			SQLite:   {"X''", "X'00ff41'", "CAST(X'3132' AS BLOB)"},
			Postgres: {`CAST('\x' AS BYTEA)`, `CAST('\x00ff41' AS BYTEA)`, `CAST('12' AS BYTEA)`, "CAST(7 AS SMALLINT)", "CAST(1.5 AS REAL)", "CAST('v' AS VARCHAR(9))", "CAST(12.50 AS NUMERIC)", `CAST('{"a": 1}' AS JSON)`},
		}[d.dialect]...)
		ctx := context.Background()
		err := d.View(ctx, func(tx *Tx) error {
			in, err := tx.begun()
			if err != nil {
				return err
			}
			for _, e := range exprs {
				for _, place := range places {
					want, got := place(), place()
					wrong, err := in.QueryRowContext(ctx, "SELECT "+string(e)).Scan(want), tx.Row(ctx, "SELECT "+e).Scan(got)
					if diff := cmp.Diff(want, got); (wrong == nil) != (err == nil) || wrong == nil && diff != "" {
						t.Errorf("%s into a %T: %v, not %v %s", e, got, err, wrong, diff)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What was read stays when the row is another one, in whatever it was put.
func TestValuesOutliveTheirRow(t *testing.T) {
	type all struct {
		S string
		P *string
		N *int64
		B []byte
		A any
	}
	onBoth(t, func(t *testing.T, d *DB) {
		octets := map[Dialect]text{SQLite: "CAST(x.s AS BLOB)", Postgres: "CAST(x.s AS BYTEA)"}[d.dialect]
		var got []all
		ctx := context.Background()
		err := d.View(ctx, func(tx *Tx) (err error) {
			scan := func(s Scanner) (a all, err error) { return a, s.And(&a.B, &a.A).Scan(&a.S, &a.P, &a.N) }
			got, err = All(ctx, tx, scan, "SELECT x.s, x.s, x.n, "+octets+", x.s FROM (SELECT 'one' AS s, 1 AS n UNION ALL SELECT 'one', NULL UNION ALL SELECT 'two', 3 UNION ALL SELECT 'one', 4) x")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		at := func(s string, n *int64) all { return all{s, &s, n, []byte(s), s} }
		num := func(n int64) *int64 { return &n }
		if diff := cmp.Diff([]all{at("one", num(1)), at("one", nil), at("two", num(3)), at("one", num(4))}, got); diff != "" {
			t.Error(diff)
		}
		// There are more rows than a driver has room for at once.
		const many = 20_000
		var list [2][]all
		err = d.View(ctx, func(tx *Tx) (err error) {
			scan := func(s Scanner) (a all, err error) { return a, s.And(&a.B, &a.A).Scan(&a.S, &a.P, &a.N) }
			for turn := range list {
				if list[turn], err = All(ctx, tx, scan, "WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $1) SELECT x.s, x.s, x.n, "+octets+
					", x.s FROM (SELECT CAST(n * $2 AS TEXT) AS s, n FROM i) x ORDER BY x.n", many, 1+turn); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for turn, rows := range list {
			if len(rows) != many {
				t.Fatalf("%d rows", len(rows))
			}
			for i, got := range rows {
				want := at(strconv.Itoa((i+1)*(1+turn)), num(int64(i+1)))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("row %d of answer %d: %s", i, turn, diff)
				}
			}
		}
	})
}

func TestRowsThatDoNotFit(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		var n, m int64
		for what, ask := range map[string]func(tx *Tx) error{
			"too few places":  func(tx *Tx) error { return tx.Row(ctx, "SELECT 1, 2").Scan(&n) },
			"too many places": func(tx *Tx) error { return tx.Row(ctx, "SELECT 1").And(&m).Scan(&n) },
			"no pointer":      func(tx *Tx) error { return tx.Row(ctx, "SELECT 1").Scan(n) },
			"no question":     func(tx *Tx) error { return tx.Row(ctx, "SELECT nothing FROM nowhere").Scan(&n) },
			"no time left": func(tx *Tx) error {
				ctx, stop := context.WithCancel(ctx)
				stop()
				return tx.Row(ctx, "SELECT 1").Scan(&n)
			},
		} {
			if err := d.View(ctx, ask); err == nil {
				t.Errorf("%s: it was read", what)
			}
		}
		err := d.View(ctx, func(tx *Tx) error { return tx.Row(ctx, "SELECT 1 WHERE 1 = 2").Scan(&n) })
		if !errors.Is(err, ErrNoRows) {
			t.Errorf("no row: %v", err)
		}
	})
}

// Reading allocates nothing for a row but what it is read into.
func TestReadingAllocatesLittle(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		const many, q = 1000, "WITH RECURSIVE x(n) AS (SELECT CAST(1000 AS BIGINT) UNION ALL SELECT n + 1 FROM x WHERE n < 1999) SELECT n, 'a text', n, 'another' FROM x"
		err := d.View(ctx, func(tx *Tx) error {
			made := testing.AllocsPerRun(5, func() {
				var a, b int64
				var s, u string
				n := 0
				for _, err := range Each(ctx, tx, func(r Scanner) (bool, error) { return true, r.Scan(&a, &s, &b, &u) }, q) {
					if err != nil {
						t.Fatal(err)
					}
					n++
				}
				if n != many {
					t.Fatal(n)
				}
			})
			if most := map[Dialect]float64{SQLite: 6.5, Postgres: 0.5}[d.dialect]; made/many > most { // SQLite's driver makes values
				t.Errorf("%.1f allocations a row, not %.1f", made/many, most)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
