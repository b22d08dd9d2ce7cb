package ledger

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// errorStack returns the stack that the first error of the tree carries that carries
// one, looked for from the inside: the innermost was made nearest to the cause.
func errorStack(err error) string {
	left := maxChain
	return innermostStack(err, &left)
}

func innermostStack(err error, left *int) string {
	if err == nil || *left == 0 {
		return ""
	}
	*left--
	for _, inner := range unwrap(err) {
		if *left == 0 {
			break
		}
		if text := innermostStack(inner, left); text != "" {
			return text
		}
	}
	return carriedStack(err)
}

// carriedStack asks an error for its stack in the forms that are in use. Of a stack
// from the initialization of a package nothing is left: that is where the error's
// variable was set, the same for all that return it.
func carriedStack(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	s, ok := collectStack(err)
	if !ok {
		if _, ok = err.(fmt.Formatter); !ok {
			return ""
		}
		// golang.org/x/xerrors and others show it in no other way.
		if s, ok = parseStack(fmt.Sprintf("%+v", err)); !ok {
			return ""
		}
	}
	if s.isInitialization() {
		return ""
	}
	return s.text()
}

// collectStack calls the methods that give a stack. Only reflection can read a slice
// of a type that its package defined, as that of github.com/pkg/errors, without an
// import. The names are constants, or the linker would keep every method of every
// type of the program.
func collectStack(err error) (s stack, ok bool) {
	if c, is := err.(interface{ Callers() []uintptr }); is { // github.com/go-errors/errors
		pcs := c.Callers()
		return fromPCs(pcs[:min(len(pcs), maxCarried)]), true
	}
	v := reflect.ValueOf(err)
	if list, is := sliceOf(v.MethodByName("StackTrace")); is {
		s, ok = fromList(list)
	}
	if list, is := sliceOf(v.MethodByName("StackFrames")); !ok && is {
		s, ok = fromList(list)
	}
	return s, ok
}

// maxCarried bounds what is read of a stack that an error carries.
const maxCarried = 2 * maxFrames

// sliceOf calls a method that takes nothing and returns one slice.
func sliceOf(method reflect.Value) (list reflect.Value, ok bool) {
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 ||
		method.Type().Out(0).Kind() != reflect.Slice {
		return reflect.Value{}, false
	}
	return method.Call(nil)[0], true
}

// fromList reads program counters, or structs that name a function, a file and a line
// as runtime.Frame does, or nearly so.
func fromList(list reflect.Value) (s stack, ok bool) {
	n := min(list.Len(), maxCarried)
	element := list.Type().Elem()
	if element.Kind() == reflect.Uintptr {
		pcs := make([]uintptr, n)
		for i := range pcs {
			pcs[i] = uintptr(list.Index(i).Uint())
		}
		return fromPCs(pcs), true
	}
	for i := range n {
		v := reflect.Indirect(list.Index(i))
		if v.Kind() != reflect.Struct {
			return stack{}, false
		}
		f := frame{
			function: field(v, reflect.String, "Function", "Func", "Name").String(),
			file:     field(v, reflect.String, "File", "Path", "Filename").String(),
			line:     max(0, int(field(v, reflect.Int, "Line", "LineNumber").Int())),
		}
		s.add(f)
	}
	return s, true
}

// field returns the first field of one of the names that is of the kind, or a zero.
func field(v reflect.Value, kind reflect.Kind, names ...string) reflect.Value {
	for _, name := range names {
		if f := v.FieldByName(name); f.IsValid() && f.Kind() == kind {
			return f
		}
	}
	if kind == reflect.Int {
		return reflect.ValueOf(0)
	}
	return reflect.ValueOf("")
}

// isInitialization reports whether the outermost function is that which sets the
// variables of a package, or an init of it.
func (s *stack) isInitialization() bool {
	if len(s.frames) == 0 || s.more > 0 {
		return false
	}
	name := s.frames[len(s.frames)-1].function
	name = name[strings.LastIndexByte(name, '/')+1:]
	_, name, _ = strings.Cut(name, ".")
	return name == "init" || strings.HasPrefix(name, "init.")
}

// fromPCs collects the frames of program counters as runtime.Callers returns them.
func fromPCs(pcs []uintptr) (s stack) {
	if len(pcs) == 0 {
		return s
	}
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		s.add(frame{f.Function, f.File, f.Line})
		if !more {
			return s
		}
	}
}
