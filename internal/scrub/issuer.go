package scrub

// isCard reports whether an issuer gives out numbers like this one, and whether its last
// digit is right. No issuer's numbers begin with 1, as times since 1970 do.
func isCard(n []byte) bool {
	return issued(n) && luhn(n)
}

func issued(n []byte) bool {
	p4 := int(n[0])*1000 + int(n[1])*100 + int(n[2])*10 + int(n[3])
	p2, p3 := p4/100, p4/10
	switch size := len(n); {
	case p4/1000 == 4: // Visa
		return size == 13 || size == 16 || size == 19
	case p2 >= 51 && p2 <= 55, p4 >= 2221 && p4 <= 2720: // Mastercard
		return size == 16
	case p2 == 34, p2 == 37: // American Express
		return size == 15
	case p4 == 6011, p3 >= 644 && p3 <= 649, p2 == 65: // Discover, RuPay
		return size == 16 || size == 19
	case p3 >= 300 && p3 <= 305, p2 == 36, p2 == 38, p2 == 39: // Diners Club
		return size == 14 || size == 16
	case p4 >= 3528 && p4 <= 3589: // JCB
		return size == 16 || size == 19
	case p2 == 62, p2 == 81: // UnionPay
		return size >= 16
	case p4 >= 2200 && p4 <= 2204: // Mir
		return size >= 16
	case p4 == 5018, p4 == 5020, p4 == 5038, p4 == 5893, p4 == 6304, p4 >= 6759 && p4 <= 6763: // Maestro
		return true
	}
	return false
}

// luhn is the check digit rule of ISO/IEC 7812.
func luhn(n []byte) bool {
	sum := 0
	for i, d := range n {
		v := int(d)
		if (len(n)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
