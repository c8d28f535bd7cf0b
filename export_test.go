package exodrive

// The parts of MeansWord, whose laws the tests check one by one.
var (
	Typos             = typos
	TrigramSimilarity = trigramSimilarity
)

// SearchWordLimit is the number of words that a search looks at.
const SearchWordLimit = maxSearchWords
