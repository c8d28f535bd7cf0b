package api

import (
	"context"

	"github.com/exodrive/exodrive/doctor"
)

// Examination is what the doctor says of the node that answers, and of the stores
// that it shares with the others.
type Examination struct {
	Level    doctor.Level     `json:"level" enum:"ok,warn,fail" doc:"Of the worst finding."`
	Findings []doctor.Finding `json:"findings" nullable:"false" doc:"In the order in which they are best read."`
}

func (a *api) adminExamine(ctx context.Context, _ *struct{}) (*answer[Examination], error) {
	found, err := a.Doctor.Examine(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[Examination]{&Examination{doctor.Worst(found), found}}, nil
}
