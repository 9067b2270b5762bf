package db

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgConnector opens connections to PostgreSQL that answer with records.
type pgConnector struct{ driver.Connector }

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	in, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &pgConn{in.(*stdlib.Conn)}, nil
}

type pgConn struct{ *stdlib.Conn }

// binaries are the types that come as PostgreSQL has them in memory; all others
// come as text.
var binaries = pgx.QueryResultFormatsByOID{
	pgtype.BoolOID: pgx.BinaryFormatCode, pgtype.ByteaOID: pgx.BinaryFormatCode,
	pgtype.Int2OID: pgx.BinaryFormatCode, pgtype.Int4OID: pgx.BinaryFormatCode, pgtype.Int8OID: pgx.BinaryFormatCode,
	pgtype.Float4OID: pgx.BinaryFormatCode, pgtype.Float8OID: pgx.BinaryFormatCode,
}

func (c *pgConn) QueryContext(ctx context.Context, q string, named []driver.NamedValue) (driver.Rows, error) {
	if !wantsRecords(ctx) {
		return c.Conn.QueryContext(ctx, q, named)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	args := make([]any, 1, 1+len(named))
	args[0] = binaries
	for _, v := range named {
		args = append(args, v.Value)
	}
	in, err := c.Conn.Conn().Query(ctx, q, args...)
	if err != nil {
		if pgconn.SafeToRetry(err) {
			return nil, driver.ErrBadConn
		}
		return nil, err
	}
	r := &pgRows{in: in, ahead: true, more: in.Next()} // what is wrong with a question is said when it is asked
	if err := in.Err(); err != nil {
		in.Close()
		return nil, err
	}
	r.types = in.FieldDescriptions()
	r.record = record{cells: make([]cell, len(r.types)), names: r.names}
	return r, nil
}

// pgRows read records.
type pgRows struct {
	in          pgx.Rows
	types       []pgconn.FieldDescription
	record      record
	ahead, more bool // the next row was read already, if there is one
}

func (r *pgRows) Columns() []string { return columnHeld }

func (r *pgRows) names() []string {
	names := make([]string, len(r.types))
	for i, t := range r.types {
		names[i] = t.Name
	}
	return names
}

func (r *pgRows) Close() error {
	r.in.Close()
	return r.in.Err()
}

func (r *pgRows) Next(dest []driver.Value) error {
	if !r.ahead {
		r.more = r.in.Next()
	}
	r.ahead = false
	if !r.more {
		if err := r.in.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	for i, raw := range r.in.RawValues() {
		if err := r.record.cells[i].decode(&r.types[i], raw); err != nil {
			return err
		}
	}
	dest[0], dest[1] = &r.record, nil
	return nil
}

// decode takes a value as it was sent.
func (c *cell) decode(t *pgconn.FieldDescription, raw []byte) error {
	c.raw = nil
	if raw == nil {
		c.kind = null
		return nil
	}
	size := len(raw)
	switch {
	case t.Format != pgx.BinaryFormatCode:
		c.kind, c.raw = chars, raw
		if t.DataTypeOID == pgtype.JSONOID || t.DataTypeOID == pgtype.JSONBOID {
			c.kind = octets
		}
	case t.DataTypeOID == pgtype.ByteaOID:
		c.kind, c.raw = octets, raw
	case t.DataTypeOID == pgtype.Int8OID && size == 8:
		c.kind, c.n = integer, int64(binary.BigEndian.Uint64(raw))
	case t.DataTypeOID == pgtype.Int4OID && size == 4:
		c.kind, c.n = integer, int64(int32(binary.BigEndian.Uint32(raw)))
	case t.DataTypeOID == pgtype.Int2OID && size == 2:
		c.kind, c.n = integer, int64(int16(binary.BigEndian.Uint16(raw)))
	case t.DataTypeOID == pgtype.BoolOID && size == 1:
		c.kind, c.n = truth, int64(raw[0])
	case t.DataTypeOID == pgtype.Float8OID && size == 8:
		c.kind, c.n = double, int64(binary.BigEndian.Uint64(raw))
	case t.DataTypeOID == pgtype.Float4OID && size == 4:
		c.kind, c.n = double, int64(math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(raw)))))
	default:
		return fmt.Errorf("db: %d bytes of type %d", size, t.DataTypeOID)
	}
	return nil
}
