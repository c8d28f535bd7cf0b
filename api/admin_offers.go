package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/httpx"
	"github.com/exodrive/exodrive/rental"
)

// offerStories are the four use-cases of one kind of offer: what is entered is
// In, what is stored V.
type offerStories[In, V any] struct {
	list    func(context.Context, exodrive.Actor, exodrive.PageQuery) ([]V, int, error)
	create  func(context.Context, exodrive.Actor, In) (*V, error)
	edit    func(context.Context, exodrive.Actor, string, int64, In) (*V, error)
	remove  func(context.Context, exodrive.Actor, string) error
	version func(*V) (id string, version int64)
}

func locations(a *api) offerStories[exodrive.LocationInput, exodrive.Location] {
	r := a.Rental
	return offerStories[exodrive.LocationInput, exodrive.Location]{r.Locations, r.CreateLocation, r.EditLocation, r.DeleteLocation,
		func(v *exodrive.Location) (string, int64) { return v.ID, v.Version }}
}

func priceRules(a *api) offerStories[exodrive.PriceRuleInput, exodrive.PriceRule] {
	r := a.Rental
	return offerStories[exodrive.PriceRuleInput, exodrive.PriceRule]{r.PriceRules, r.CreatePriceRule, r.EditPriceRule, r.DeletePriceRule,
		func(v *exodrive.PriceRule) (string, int64) { return v.ID, v.Version }}
}

func extras(a *api) offerStories[exodrive.ExtraInput, exodrive.Extra] {
	r := a.Rental
	return offerStories[exodrive.ExtraInput, exodrive.Extra]{r.Extras, r.CreateExtra, r.EditExtra, r.DeleteExtra,
		func(v *exodrive.Extra) (string, int64) { return v.ID, v.Version }}
}

func coupons(a *api) offerStories[exodrive.CouponInput, exodrive.Coupon] {
	r := a.Rental
	return offerStories[exodrive.CouponInput, exodrive.Coupon]{r.Coupons, r.CreateCoupon, r.EditCoupon, r.DeleteCoupon,
		func(v *exodrive.Coupon) (string, int64) { return v.ID, v.Version }}
}

type offerID struct {
	ID string `path:"id" doc:"Id from the list."`
}

type offerBody[In any] struct{ Body entered[In] }

type offerEdit[In any] struct {
	ID      string `path:"id" doc:"Id from the list."`
	IfMatch string `header:"If-Match" doc:"The version that was read." example:"\"v3\""`
	Body    entered[In]
}

// errAnyVersion refuses to replace what the caller may never have seen.
var errAnyVersion = exodrive.Errorf(exodrive.Invalid, `If-Match: * is not accepted here; send the version that was read, such as "v3".`).On("If-Match")

// offer adds the routes of one kind of offer: list, create, replace, remove.
// kind is that of its ids.
func offer[In, V any](a *api, path, noun, kind string, example In, s offerStories[In, V]) {
	base := "/api/admin/" + path
	name := operationName(path)
	admin(a, get(base, "adminList"+name, "Every "+noun, pageParams(defaultAdminPage)...).in("Offers"),
		func(ctx context.Context, in *parameters) (*answer[list[V]], error) {
			return readPage(a, in, func(p exodrive.PageQuery) ([]V, int, error) { return s.list(ctx, actorOf(ctx), p) })
		})
	admin(a, post(base, "adminCreate"+name, "Add a "+noun).in("Offers"),
		func(ctx context.Context, in *offerBody[In]) (*created[V], error) {
			v, err := s.create(ctx, actorOf(ctx), in.Body.value)
			if err != nil {
				return nil, err
			}
			id, version := s.version(v)
			return &created[V]{httpx.VersionTag(version), base + "/" + id, v}, nil
		})
	admin(a, put(base+"/{id}", "adminEdit"+name, "Replace a "+noun).in("Offers"),
		func(ctx context.Context, in *offerEdit[In]) (*versioned[V], error) {
			seen, err := httpx.ParseIfMatch(in.IfMatch)
			if err != nil {
				return nil, err
			}
			if seen == rental.AnyVersion {
				return nil, errAnyVersion
			}
			v, err := s.edit(ctx, actorOf(ctx), in.ID, seen, in.Body.value)
			if err != nil {
				return nil, err
			}
			_, version := s.version(v)
			return &versioned[V]{httpx.VersionTag(version), v}, nil
		})
	admin(a, del(base+"/{id}", "adminDelete"+name, "Remove a "+noun).in("Offers").mayMiss(),
		func(ctx context.Context, in *offerID) (*struct{}, error) {
			return nil, s.remove(ctx, actorOf(ctx), in.ID)
		})
	a.bodyExample(http.MethodPost+" "+base, example)
	a.bodyExample(http.MethodPut+" "+base+"/{id}", example)
	item := a.huma.OpenAPI().Paths[base+"/{id}"]
	for _, p := range slices.Concat(item.Put.Parameters, item.Delete.Parameters) {
		if p.In == "path" {
			p.Schema.Examples = []any{kind + exampleIDTail}
		}
	}
}

// exampleIDTail follows the kind in every example of an id.
const exampleIDTail = "01kas0f3m2x7h9tq"

// operationName is the noun of a path in operation ids: price-rules, PriceRules.
func operationName(path string) string {
	name, upper := "", true
	for _, r := range path {
		switch {
		case r == '-':
			upper = true
		case upper:
			name, upper = name+string(r-'a'+'A'), false
		default:
			name += string(r)
		}
	}
	return name
}
