package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/obs"
)

// problem is a problem document that huma can write.
type problem struct{ httpx.Problem }

func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) ContentType(string) string { return httpx.ProblemType }

// Schema is that of the document itself, without the struct around it.
func (p *problem) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[httpx.Problem](), true, "")
}

// setUpHuma sets what huma keeps for all its APIs at once: how it makes errors,
// what it says in them, that names of members have one case, and that a list is
// never null. Once, because requests read it while a second API is being made.
var setUpHuma = sync.OnceFunc(func() {
	huma.NewErrorWithContext = problemWithContext
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newProblem(status, message, "", errs)
	}
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	validation.MsgUnexpectedProperty = "there is no member of this name here"
	validation.MsgExpectedRFC3339Date = "it is a day that exists, written YYYY-MM-DD, for example 2026-05-01"
	validation.MsgExpectedBoolean = "it is true or false"
	validation.MsgExpectedNumber = "it is a number"
	validation.MsgExpectedInteger = "it is a whole number"
	validation.MsgExpectedString = "it is a text"
	validation.MsgExpectedArray = "it is a list"
	validation.MsgExpectedObject = "it is an object with members"
	validation.MsgExpectedOneOf = "it is one of %s"
	validation.MsgExpectedMinimumNumber = "it is at least %.0f"
	validation.MsgExpectedMaximumNumber = "it is at most %.0f"
	validation.MsgExpectedMinLength = "its length is at least %d"
	validation.MsgExpectedMaxLength = "its length is at most %d"
	validation.MsgExpectedBePattern = "it is %s"
	validation.MsgExpectedMatchPattern = "it has the form %s"
	validation.MsgExpectedMinItems = "it has at least %d entries"
	validation.MsgExpectedMaxItems = "it has at most %d entries"
	validation.MsgExpectedRequiredProperty = "%s" + isMissing
})

// isMissing ends what huma says about a member that must be there.
const isMissing = " is missing"

// problemWithContext makes every error answer of this API: of handlers, which
// huma reports as a 500 with the error, and of huma's own checks.
func problemWithContext(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	record := obs.RequestFrom(ctx.Context())
	if status == http.StatusRequestEntityTooLarge {
		errs = []error{&http.MaxBytesError{Limit: ctx.Operation().MaxBodyBytes - 1}}
	}
	p := newProblem(status, message, record.RequestID(), errs)
	if seconds := p.RetryAfter(); seconds != "" {
		ctx.SetHeader("Retry-After", seconds)
	}
	if p.Status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="exodrive"`)
	}
	ctx.SetHeader("Cache-Control", "no-store")
	err := errors.Join(errs...)
	record.Fail(p.Code, err)
	if errors.Is(err, context.Canceled) && ctx.Context().Err() != nil {
		p.Status = httpx.StatusClientGone
	}
	return p
}

func newProblem(status int, message, requestID string, errs []error) *problem {
	if message == unreadBody {
		return &problem{httpx.ProblemOf(exodrive.Errorf(exodrive.Invalid, "The body ended before it was whole.").Because(errors.Join(errs...)), requestID)}
	}
	if status == http.StatusInternalServerError && len(errs) == 1 {
		return &problem{httpx.ProblemOf(errs[0], requestID)}
	}
	switch status {
	case http.StatusUnsupportedMediaType:
		return &problem{httpx.ProblemOf(httpx.ErrMediaType, requestID)}
	case http.StatusRequestEntityTooLarge:
		return &problem{httpx.ProblemOf(errors.Join(errs...), requestID)}
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusRequestTimeout:
		return &problem{httpx.ProblemOf(invalid(message, errs), requestID)}
	}
	return &problem{httpx.ProblemOf(fmt.Errorf("%d %s: %w", status, message, errors.Join(errs...)), requestID)}
}

// unreadBody is what huma calls a body whose sender stopped in the middle.
const unreadBody = "cannot read request body"

// invalid turns what huma found wrong with an input into our kind of error.
func invalid(message string, errs []error) error {
	e := exodrive.Errorf(exodrive.Invalid, "%s", sentence(message))
	if first := slices.DeleteFunc(slices.Clone(errs), isMemberError); len(first) > 0 {
		errs = first
	}
	for _, err := range errs {
		if ours, ok := errors.AsType[*exodrive.Error](err); ok && len(errs) == 1 {
			return ours
		}
		fault := exodrive.Fault{Message: sentence(err.Error())}
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail()
			fault = exodrive.Fault{Field: pointer(detail.Location), Message: sentence(strings.TrimPrefix(detail.Message, "invalid: "))}
			if name, ok := strings.CutSuffix(detail.Message, isMissing); ok {
				fault = exodrive.Fault{Field: fault.Field + "/" + name, Message: "It is missing."}
			}
		}
		e.Faults = append(e.Faults, fault)
	}
	// huma goes through members in no order.
	slices.SortStableFunc(e.Faults, func(a, b exodrive.Fault) int { return strings.Compare(a.Field, b.Field) })
	if len(e.Faults) == 1 {
		e.Message, e.Field = e.Faults[0].Message, e.Faults[0].Field
		if name := strings.TrimPrefix(e.Field, "/"); name != "" {
			e.Message = name + ": " + e.Message
		}
	} else if len(e.Faults) > 1 {
		e.Message = fmt.Sprintf("%d values are wrong; errors lists each of them.", len(e.Faults))
	}
	return e
}

func isMemberError(err error) bool {
	_, ok := errors.AsType[*memberError](err)
	return ok
}

// pointer turns body.fees[0].amount into /fees/0/amount, and query.page into page.
func pointer(location string) string {
	place, rest, _ := strings.Cut(location, ".")
	if place == "body" || strings.HasPrefix(place, "body[") {
		path := strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(strings.TrimPrefix(location, "body"))
		return path
	}
	return rest
}

// inOurWords is what huma says of a parameter or a body before it looks at the schema,
// and has no setting for.
var inOurWords = map[string]string{
	"invalid integer": "it is a whole number", "invalid float": "it is a number", "invalid boolean": "it is true or false",
	"request body is required": "this call needs a body, which is JSON",
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return "The input is wrong."
	}
	if ours, ok := inOurWords[s]; ok {
		s = ours
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// jsonFormat reads and writes JSON; a text that is none is refused with the
// place of the fault. So is a zero byte, which one of the databases cannot hold.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line, column := place(data, syntax.Offset)
			return exodrive.Errorf(exodrive.Invalid, "The body is not JSON: line %d, column %d: %s.", line, column, syntax)
		}
		if number, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && strings.HasPrefix(number.Value, "number") {
			line, column := place(data, number.Offset)
			return exodrive.Errorf(exodrive.Invalid, "The body has a number that is too large: line %d, column %d.", line, column)
		}
		parsed, ok := v.(*any)
		if !ok || err != nil {
			return err
		}
		if member, at := repeated(data); member != "" {
			line, column := place(data, at)
			return exodrive.Errorf(exodrive.Invalid, "The member %.60q stands twice in one object: line %d, column %d.", member, line, column)
		}
		if !texts(*parsed, func(s string) bool { return !strings.Contains(s, "\x00") }) {
			return exodrive.Errorf(exodrive.Invalid, "A text has a zero byte, which cannot be kept.")
		}
		return nil
	},
}

// place is the line and column, from 1, of the last of n bytes that were read.
func place(data []byte, n int64) (line, column int) {
	read := data[:min(int(n), len(data))]
	return bytes.Count(read, []byte("\n")) + 1, max(1, len(read)-bytes.LastIndexByte(read, '\n')-1)
}
