package api

import (
	"context"

	"github.com/exodrive/exodrive"
	"github.com/exodrive/exodrive/rental"
)

type blockList struct {
	Blocks []rental.Block `json:"blocks" nullable:"false"`
}

func (a *api) adminListBlocks(ctx context.Context, in *carIDInput) (*answer[blockList], error) {
	blocks, err := a.Rental.Blocks(ctx, actorOf(ctx), in.CarID)
	if err != nil {
		return nil, err
	}
	return &answer[blockList]{&blockList{blocks}}, nil
}

type blockBody struct {
	CarID string `path:"carId" doc:"Id or slug of the car." example:"car_01kas0f3m2x7h9tq"`
	Body  entered[rental.BlockRequest]
}

func (a *api) adminBlockDays(ctx context.Context, in *blockBody) (*answer[rental.BlockResult], error) {
	return answerOf(a.Rental.BlockDays(ctx, actorOf(ctx), in.CarID, in.Body.value))
}

func (a *api) adminUnblockDays(ctx context.Context, in *carIDInput) (*answer[rental.DayCount], error) {
	return a.clearDays(ctx, in, a.Rental.UnblockDays)
}

func (a *api) adminClearPrices(ctx context.Context, in *carIDInput) (*answer[rental.DayCount], error) {
	return a.clearDays(ctx, in, a.Rental.ClearPrices)
}

func (a *api) clearDays(ctx context.Context, in *carIDInput, empty func(context.Context, exodrive.Actor, string, rental.Block) (rental.DayCount, error)) (*answer[rental.DayCount], error) {
	ask, err := exodrive.ParseAvailabilityQuery(in.values, a.Rental.Limits())
	if err != nil {
		return nil, err
	}
	n, err := empty(ctx, actorOf(ctx), in.CarID, rental.Block(ask))
	return answerOf(&n, err)
}

type priceRequest struct {
	rental.Block
	Amount int64 `json:"amount" minimum:"0" maximum:"10000000000" doc:"Price of each of the days, minor units."`
}

type priceBody struct {
	CarID string `path:"carId" doc:"Id or slug of the car." example:"car_01kas0f3m2x7h9tq"`
	Body  entered[priceRequest]
}

func (a *api) adminSetPrices(ctx context.Context, in *priceBody) (*struct{}, error) {
	return nil, a.Rental.SetPrices(ctx, actorOf(ctx), in.CarID, in.Body.value.Block, in.Body.value.Amount)
}
