package otlp

import "reflect"

// weigh walks what encoding/json would walk and subtracts its size from left. The
// result is negative if the value is heavier than that, deeper than depth, or
// contains itself. Only sizes are looked at; no method of the value is called.
func weigh(v reflect.Value, left, depth int) int {
	left -= 8
	if left < 0 || depth == 0 {
		return -1
	}
	switch v.Kind() {
	case reflect.String:
		return left - v.Len()
	case reflect.Slice, reflect.Array:
		if isScalar(v.Type().Elem().Kind()) {
			return left - 4*v.Len()
		}
		for i := range v.Len() {
			if left = weigh(v.Index(i), left, depth-1); left < 0 {
				return -1
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if left = weigh(it.Key(), left, depth-1); left < 0 {
				return -1
			}
			if left = weigh(it.Value(), left, depth-1); left < 0 {
				return -1
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
				continue // JSON does not look there either
			}
			if left = weigh(v.Field(i), left, depth-1); left < 0 {
				return -1
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return weigh(v.Elem(), left, depth-1)
		}
	}
	return left
}

func isScalar(k reflect.Kind) bool { return k >= reflect.Bool && k <= reflect.Complex128 }
