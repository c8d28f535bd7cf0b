// Package httpx is what every HTTP front end of ExoDrive shares: the outermost
// handler with its headers, log line and metrics (Observe), the mux that answers
// unknown routes in the API's own form (Mux), cached answers (WriteEntry), problem
// documents (WriteError), the marks of writes that callers carry (Marks), the
// caller's address (TrustedProxies) and rate limits (Limiter).
//
// It knows requests and the errors of package exodrive, but no use-case.
package httpx
