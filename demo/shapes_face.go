package demo

// The faces of the shapes; several shapes share one.

var lowFace = face{
	half: 98, hip: 44, fender: 78, cowl: 88, base: 73, roof: 50, nose: 58, deck: 99, belly: 12,
	lamps: []string{"M46 56C58 63 76 70 91 73C92 69 90 65 84 62C72 58 58 54 49 52Z"},
	void: []string{"M34 20L88 22C93 30 91 40 86 46C70 44 54 36 44 29Z", "M-.6 20H24L34 29C24 34 10 36 -.6 36Z", "M-.6 12H84L88 16H-.6Z",
		"M44 71C50 75 58 78 66 79L60 73Z"},
	trim:  []string{"M40 22L84 38"},
	tails: []string{"M50 86L92 82C93 79 92 76 91 75L54 78Z"},
	wake: []string{"M-.6 88H46L52 74L90 70L86 56H-.6Z", "M-.6 14H74L66 38H-.6Z", "M72 20L92 24L91 44L76 40Z",
		"M-.6 102H84L88 106L86 107H-.6Z"},
	exhausts: []string{"M10 50A9 9 0 1 0 28 50A9 9 0 1 0 10 50Z"},
	bright:   []string{"M14 15H16V36H14Z", "M34 15H36V36H34Z", "M54 15H56L54 36H52Z"},
}

var sportFace = face{
	half: 95, hip: 46, fender: 86, cowl: 97, base: 71, roof: 49, nose: 66, deck: 94, belly: 15,
	lamps:    []string{"M62 70C62 78 70 84 78 83C86 82 91 76 90 69C89 62 83 58 76 58C68 58 62 63 62 70Z"},
	void:     []string{"M50 26H87C90 34 88 42 82 45L60 40Z", "M-.6 24H42L50 38H-.6Z", "M-.6 15H82L84 19H-.6Z"},
	trim:     []string{"M54 33H84", "M-.6 31H44"},
	tails:    []string{"M-.6 78H60L90 82C92 77 91 73 90 71L60 72H-.6Z"},
	wake:     []string{"M-.6 17H78L70 36H-.6Z", "M78 40L90 42L90 52L80 50Z", "M-.6 89H64L60 94H-.6Z"},
	bright:   []string{"M12 18H13.5V34H12Z", "M56 18H57.5L56 34H54.5Z"},
	exhausts: []string{"M22 27A7 7 0 1 0 36 27A7 7 0 1 0 22 27Z", "M38 27A7 7 0 1 0 52 27A7 7 0 1 0 38 27Z"},
}

var grandFace = face{
	half: 97, hip: 48, fender: 89, cowl: 102, base: 71, roof: 49, nose: 77, deck: 103, belly: 15,
	lamps:    []string{"M58 76C68 83 82 86 92 84C93 79 91 75 86 73C76 70 64 70 58 72Z"},
	void:     []string{"M-.6 72H42C49 71 51 66 49 60L43 42C41 37 38 35 32 35H-.6Z", "M58 24H88C90 32 88 40 84 43L66 38Z", "M-.6 22H50L54 30H-.6Z", "M-.6 15H82L84 18H-.6Z"},
	trim:     []string{"M-.6 73H42C50 72 52 66 50 60L44 42C42 37 38 34.5 32 34.5H-.6", "M-.6 65H47", "M-.6 58H46", "M-.6 51H44", "M-.6 44H42"},
	tails:    []string{"M48 86C62 89 80 89 91 85C93 80 92 76 90 74C78 78 62 79 50 79Z"},
	wake:     []string{"M-.6 17H76L68 38H-.6Z", "M-.6 62H26V50H-.6Z"},
	bright:   []string{"M-.6 40H66V41.5H-.6Z"},
	exhausts: []string{"M44 28A8 8 0 1 0 60 28A8 8 0 1 0 44 28Z"},
}

var classicFace = face{
	half: 84, hip: 50, fender: 92, cowl: 99, base: 66, roof: 50, nose: 88, deck: 97, belly: 21,
	lamps:    []string{"M58 76A11.5 11.5 0 1 0 81 76A11.5 11.5 0 1 0 58 76Z"},
	void:     []string{"M-.6 84H44C50 84 53 80 53 74C53 67 50 63 44 63H-.6Z", "M-.6 36H60V30H-.6Z"},
	trim:     []string{"M-.6 85H44C51 85 54 80 54 74C54 66 51 62 44 62H-.6", "M-.6 73.5H53", "M10 84V63M20 84V63M30 84V63M40 84V63", "M57 76A12.5 12.5 0 1 0 82 76A12.5 12.5 0 1 0 57 76Z"},
	chrome:   []string{"M-.6 52H76C84 52 87 48 86 44C85 41 80 41 74 41H-.6Z", "M34 58C36 58 38 56 38 52V38C38 36 36 35 34 35C32 35 30 36 30 38V52C30 56 32 58 34 58Z"},
	tails:    []string{"M58 82H63V62H58Z", "M66 82H71V62H66Z", "M74 82H79V62H74Z"},
	wake:     []string{"M-.6 36H60V30H-.6Z", "M-.6 76H24V60H-.6Z"},
	bright:   []string{"M-.6 52H76C84 52 87 48 86 44C85 41 80 41 74 41H-.6Z", "M-.6 86H80V87.5H-.6Z"},
	exhausts: []string{"M38 28A5 5 0 1 0 48 28A5 5 0 1 0 38 28Z"},
}

var stateFace = face{
	half: 98, hip: 52, fender: 103, cowl: 114, base: 72, roof: 53, nose: 99, deck: 113, belly: 18,
	lamps:  []string{"M50 93C62 95 78 96 91 94C93 88 92 84 90 82L54 81C51 84 50 88 50 93Z"},
	void:   []string{"M-.6 95H36V56C36 52 34 50 30 50H-.6Z", "M48 32H88L86 44H56Z", "M-.6 30H40L44 40H-.6Z", "M-.6 18H82L84 21H-.6Z"},
	trim:   []string{"M-.6 94H37V55C37 51 34 49 30 49H-.6", "M4 93V51M9 93V51M14 93V51M19 93V51M24 93V51M29 93V51M33 93V53", "M46 31H90"},
	chrome: []string{"M-.6 99H38V94H-.6Z", "M-1.5 99L-.6 110L2 109L3 99Z"},
	tails:  []string{"M74 96C82 97 90 96 93 94L94 68L78 70C75 78 74 86 74 96Z"},
	wake:   []string{"M-.6 20H78L72 34H-.6Z", "M-.6 78H28V64H-.6Z"},
	bright: []string{"M-.6 82H40V84.5H-.6Z", "M44 24H72L70 31H46Z"},
}

var tallFace = face{
	half: 100, hip: 62, fender: 116, cowl: 132, base: 75, roof: 60, nose: 108, deck: 132, belly: 24,
	lamps:    []string{"M52 103C66 108 82 110 95 108C96 103 94 100 90 98L56 96Z", "M58 92H92L90 89H60Z"},
	void:     []string{"M-.6 102H44L52 94L46 66C44 62 42 60 38 60H-.6Z", "M56 84H92L90 52L66 46Z", "M-.6 44H60L66 32H-.6Z", "M-.6 24H84L86 29H-.6Z"},
	trim:     []string{"M-.6 103H44L53 94L47 66C45 61 42 59 38 59H-.6", "M-.6 92H51", "M-.6 81H49", "M-.6 70H47", "M70 56L90 60"},
	tails:    []string{"M48 112C64 115 82 115 96 111C97 106 96 102 94 100L52 103Z"},
	wake:     []string{"M-.6 26H82L76 50H-.6Z", "M-.6 98H28V82H-.6Z", "M-.6 168H54L50 161H-.6Z", "M82 56L94 58V72L84 68Z"},
	bright:   []string{"M-.6 104H50V106H-.6Z"},
	exhausts: []string{"M40 38A7 7 0 1 0 54 38A7 7 0 1 0 40 38Z", "M56 38A7 7 0 1 0 70 38A7 7 0 1 0 56 38Z"},
}

var boxFace = face{
	half: 98, hip: 60, fender: 130, cowl: 138, base: 78, roof: 70, nose: 126, deck: 140, belly: 34,
	lamps:  []string{"M55 106A13 13 0 1 0 81 106A13 13 0 1 0 55 106Z", "M68 136H86V130H68Z"},
	void:   []string{"M-.6 122H46V92H-.6Z", "M54 66H90L88 50H58Z", "M-.6 66H44V48H-.6Z", "M-.6 34H80L84 42H-.6Z", "M84 84C90 90 96 90 100 88V74H90Z"},
	trim:   []string{"M-.6 114H46", "M-.6 107H46", "M-.6 100H46", "M-.6 123H47V91H-.6", "M54 106A14 14 0 1 0 82 106A14 14 0 1 0 54 106Z"},
	chrome: []string{"M-9 107A9 9 0 1 0 9 107A9 9 0 1 0 -9 107Z"},
	tails:  []string{"M84 86H94V58H84Z"},
	wake:   []string{"M-.6 34H84V46H-.6Z", "M-34 104A34 34 0 1 0 34 104A34 34 0 1 0 -34 104Z", "M76 182H78V60H76Z"},
	bright: []string{"M-26 104A26 26 0 1 0 26 104A26 26 0 1 0 -26 104Z", "M-.6 56H60V52H-.6Z"},
}

// roadsterFace is narrow, with a small mouth between lamps under glass.
var roadsterFace = face{
	half: 83, hip: 48, fender: 86, cowl: 93, base: 62, roof: 52, nose: 66, deck: 90, belly: 20,
	lamps:    []string{"M52 70A10 11 0 1 0 74 70A10 11 0 1 0 52 70Z"},
	void:     []string{"M-.6 55H18C30 55 35 51 35 47C35 43 30 39 18 39H-.6Z", "M-.6 30H50V24H-.6Z"},
	trim:     []string{"M-.6 47H34", "M51 70A11 12 0 1 0 75 70A11 12 0 1 0 51 70Z", "M-.6 56H18C31 56 36 52 36 47C36 42 31 38 18 38H-.6"},
	chrome:   []string{"M34 48H72C80 48 82 44 80 40C78 38 72 39 40 41C36 42 34 45 34 48Z", "M38 54C42 54 44 50 44 46C44 40 42 36 38 36C35 36 34 40 34 46C34 50 35 54 38 54Z"},
	tails:    []string{"M60 62C68 64 76 62 79 58C80 54 76 52 70 53C64 54 60 57 60 62Z"},
	wake:     []string{"M-.6 62H22V50H-.6Z", "M-.6 30H50V24H-.6Z"},
	bright:   []string{"M30 48H70C80 48 82 44 80 40C78 38 72 39 40 41C34 42 30 44 30 48Z"},
	exhausts: []string{"M6 26A5 5 0 1 0 16 26A5 5 0 1 0 6 26Z"},
}

// bladeFace and smoothFace belong to electric cars: no grille, no exhaust.
var bladeFace = face{
	half: 99, hip: 44, fender: 80, cowl: 92, base: 73, roof: 50, nose: 60, deck: 100, belly: 12,
	lamps:  []string{"M42 58C58 66 78 72 93 74C93 71 91 69 86 67C72 63 56 58 44 55Z"},
	void:   []string{"M44 20L88 24C93 32 91 40 86 44C74 42 60 34 52 28Z", "M-.6 14H36L44 26C30 30 14 31 -.6 31Z", "M-.6 12H84L88 15H-.6Z", "M22 70C34 76 46 79 56 80L44 72Z"},
	trim:   []string{"M48 23L84 38", "M-.6 28H40"},
	tails:  []string{"M-.6 84H60L93 88C94 86 94 85 93 84L62 80H-.6Z"},
	wake:   []string{"M-.6 76H54L66 70L92 68L90 56L60 58L50 66H-.6Z", "M-.6 14H78L66 44H-.6Z", "M-.6 101H80L84 105H-.6Z"},
	bright: []string{"M20 15H22L21 42H19Z", "M44 15H46L43 42H41Z"},
}

var smoothFace = face{
	half: 97, hip: 47, fender: 90, cowl: 104, base: 72, roof: 50, nose: 70, deck: 104, belly: 16,
	lamps:  []string{"M56 72C66 80 80 84 92 83C93 79 91 76 86 74C76 72 66 70 58 68Z"},
	void:   []string{"M60 28H90C92 38 90 50 87 58L82 60C80 48 74 40 64 36Z", "M-.6 24H50L58 34H-.6Z", "M-.6 16H84L86 19H-.6Z"},
	trim:   []string{"M66 31H86", "M-.6 31H54"},
	tails:  []string{"M-.6 87H62L92 90C94 86 93 83 92 81L62 83H-.6Z"},
	wake:   []string{"M-.6 18H78L72 34H-.6Z", "M-.6 66H26V54H-.6Z", "M80 42L92 44L91 54L82 52Z"},
	bright: []string{"M-.6 36H68V37.5H-.6Z"},
}
