package rental_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/exodrive/exodrive"
)

// ends adds the ends of holds, which nobody asked for: each has an event. Its transaction
// began at the time that the event tells, within a call that was under way then, and was
// over before that call was.
func (h *history) ends() {
	type call struct{ began, told, over int64 }
	var calls []call
	for _, o := range h.deeds {
		calls = append(calls, call{o.Call, o.Output.(outcome).ended, o.Return})
	}
	for _, o := range h.sweeps {
		calls = append(calls, call{o.Call, o.Return, o.Return})
	}
	for _, row := range h.rows(`SELECT e.booking_id, e.event, e.request_id, e.at FROM booking_events e JOIN bookings b ON b.id = e.booking_id
		WHERE b.start_date >= $1 AND b.car_id IN ($2, $3) ORDER BY e.at, e.event`, h.from.String(), h.cars[0], h.cars[1]) {
		id, label := row[0].(string), row[2].(string)
		if row[1] == "book" {
			h.number[id] = h.number[label]
		}
		if row[1] != string(exodrive.ExpireHold) {
			continue
		}
		begun := time.UnixMilli(row[3].(int64)).Sub(now).Nanoseconds() / historySpeed
		end := begun
		for _, c := range calls {
			if c.began <= begun+int64(time.Millisecond)/historySpeed && begun <= c.told {
				end = max(end, c.over)
			}
		}
		h.deeds = append(h.deeds, porcupine.Operation{
			ClientId: historyClients + 1, Input: deed{kind: "expire", who: h.number[id]}, Call: begun, Output: outcome{kind: "done"}, Return: end,
		})
	}
}

func (h *history) judge() string {
	h.hearOfUnknown()
	h.ends()
	result, info := porcupine.CheckOperationsVerbose(bookingModel(h.begun, historyHold*time.Second/historySpeed), h.deeds, time.Minute)
	if result == porcupine.Ok {
		return ""
	}
	most := slices.MaxFunc(info.PartialLinearizationsOperations()[0], func(a, b []porcupine.Operation) int { return len(a) - len(b) })
	left := slices.DeleteFunc(slices.Clone(h.deeds), func(o porcupine.Operation) bool { return slices.Contains(most, o) })
	return fmt.Sprintf("%s: no order of these explains all answers:\n%s%d of them at most; then not these:\n%s", result, told(h.deeds), len(most), told(left))
}

// hearOfUnknown finds out what became of deeds whose answers were lost, when all is over:
// what was done has its event, its key or its entry in the log, from the same transaction; what has none was not
// done, and no part of the history. When it was done remains unknown.
func (h *history) hearOfUnknown() {
	done := map[string]bool{}
	for _, row := range h.rows(`SELECT request_id FROM booking_events WHERE request_id <> '' UNION SELECT request_id FROM audit_log`) {
		done[row[0].(string)] = true
	}
	keys := map[string]bool{}
	for _, row := range h.rows(`SELECT key_hash FROM idempotency_keys WHERE route = $1`, historyRoute) {
		keys[row[0].(string)] = true
	}
	h.deeds = slices.DeleteFunc(h.deeds, func(o porcupine.Operation) bool {
		d, unknown := o.Input.(deed), o.Output.(outcome).kind == "unknown"
		return unknown && !done[d.label] && !keys[fmt.Sprintf("%x", sha256.Sum256([]byte(d.label)))]
	})
	for i, o := range h.deeds {
		if was := o.Output.(outcome); was.kind == "unknown" {
			was.kind, was.freed = "done", -1
			h.deeds[i].Output = was
		}
	}
}
