package stress

import "github.com/exodrive/exodrive/rental"

// DeskOf books with a service.
func DeskOf(s *rental.Service) Desk { return inProcess{s} }
