package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

type reviewLink struct {
	Token string `path:"reviewToken" maxLength:"100" doc:"The reviewToken of a completed booking." example:"bkg_01kas0f3m2x7h9tq.b2c9x1z8k4l6hJq3v0m5n7"`
}

func (a *api) readReview(ctx context.Context, in *reviewLink) (*answer[rental.ReviewView], error) {
	return answerOf(a.Rental.ToReview(ctx, in.Token))
}

type reviewBody struct {
	Token string `path:"reviewToken" maxLength:"100" doc:"The reviewToken of a completed booking." example:"bkg_01kas0f3m2x7h9tq.b2c9x1z8k4l6hJq3v0m5n7"`
	Body  entered[exodrive.ReviewInput]
}

func (a *api) writeReview(ctx context.Context, in *reviewBody) (*answer[rental.ReviewView], error) {
	return answerOf(a.Rental.WriteReview(ctx, in.Token, in.Body.value))
}

func exampleReview() exodrive.ReviewInput {
	return exodrive.ReviewInput{Stars: 5, Comment: "Picked up in ten minutes, and it sounds even better than it looks."}
}
