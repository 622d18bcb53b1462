package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/platforms"
)

// Platforms are the settings that the platforms ask for: an address for
// each endpoint, a version where the platform ends them, a value for each field of
// a platform app. They are made from
// what platforms say of themselves, so that no other place needs to know them.
type Platforms struct {
	Values kong.Plugins `embed:""`

	flags []Flag
}

// Flag is one setting: an address or a version of a platform, or a value of a
// platform app.
type Flag struct {
	Name                     string // without dashes before it
	help, placeholder, group string

	Endpoint *platforms.Endpoint // with Platform
	Version  bool                // of its interface, with Platform
	Platform platforms.ID
	Slot     string // with Field
	Field    platforms.AppField
	File     bool // the value is the name of a file that holds it
}

// Variable returns the environment variable that stands for the flag.
func (f Flag) Variable() string {
	return "BANDSTAND_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// Flags lists the settings, in the order in which help shows them.
func (s *Platforms) Flags() []Flag { return slices.Clone(s.flags) }

// NewPlatforms makes the settings for these platforms, in their order.
func NewPlatforms(infos []platforms.Info) Platforms {
	var s Platforms
	var slots []string
	for _, i := range infos {
		if i.AppSlot != "" && !slices.Contains(slots, i.AppSlot) {
			slots = append(slots, i.AppSlot)
			s.addApp(i)
		}
	}
	for _, i := range infos {
		for _, e := range i.Endpoints {
			s.flags = append(s.flags, Flag{
				Name: fmt.Sprintf("%s-%s-url", i.ID, e.Name), placeholder: "URL", group: "addresses",
				help: fmt.Sprintf("%s. Usually %s.", i.Name, e.Default), Platform: i.ID, Endpoint: &e,
			})
		}
	}
	for _, i := range infos {
		if i.API.Version == "" {
			continue
		}
		s.flags = append(s.flags, Flag{
			Name: fmt.Sprintf("%s-version", i.ID), placeholder: "VERSION", group: "versions",
			help: fmt.Sprintf("%s. Usually %s.", i.Name, i.API.Version), Platform: i.ID, Version: true,
		})
	}
	s.Values = kong.Plugins{s.form()}
	return s
}

func (s *Platforms) addApp(i platforms.Info) {
	for _, f := range i.AppFields {
		one := Flag{
			Name: i.AppSlot + "-" + strings.ReplaceAll(f.Key, "_", "-"), placeholder: "TEXT", group: "apps",
			help: fmt.Sprintf("%s of the %s.", f.Label, i.AppName), Slot: i.AppSlot, Field: f,
		}
		if f.Secret {
			one.help += " Better in the variable or in a file: others can see flags."
		}
		s.flags = append(s.flags, one)
		if f.Secret {
			one.Name, one.placeholder, one.File = one.Name+"-file", "FILE", true
			one.help = fmt.Sprintf("File that holds the %s of the %s.", f.Label, i.AppName)
			s.flags = append(s.flags, one)
		}
	}
}

// form is a pointer to a struct with one string for each setting.
func (s *Platforms) form() any {
	fields := make([]reflect.StructField, len(s.flags))
	for i, one := range s.flags {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("Value%d", i), Type: reflect.TypeFor[string](),
			Tag: reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q group:%q", one.Name, one.help, one.placeholder, one.group)),
		}
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

func (s *Platforms) value(i int) string {
	if len(s.Values) == 0 {
		return ""
	}
	return strings.TrimSpace(reflect.ValueOf(s.Values[0]).Elem().Field(i).String())
}

// check reads the settings and reports everything that is wrong at once.
func (s *Platforms) check() (app.Endpoints, map[platforms.ID]string, map[string]platforms.App, error) {
	addresses, versions, apps := app.Endpoints{}, map[platforms.ID]string{}, map[string]platforms.App{}
	var faults []error
	for i, one := range s.flags {
		if err := s.read(one, s.value(i), addresses, versions, apps); err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", one.Name, err))
		}
	}
	for _, one := range s.flags {
		if one.Slot == "" || one.File || len(apps[one.Slot]) == 0 || !apps[one.Slot][one.Field.Key].IsZero() {
			continue
		}
		faults = append(faults, fmt.Errorf("--%s: it is missing, and the rest of this platform app is there", one.Name))
	}
	return addresses, versions, apps, errors.Join(faults...)
}

// versionForm is how versions are written: v26.0, 202609.
var versionForm = regexp.MustCompile(`^v?[0-9]{1,8}(\.[0-9]{1,4})?$`)

func (s *Platforms) read(one Flag, value string, addresses app.Endpoints, versions map[platforms.ID]string, apps map[string]platforms.App) error {
	if one.Endpoint != nil {
		if addresses[one.Platform] == nil {
			addresses[one.Platform] = map[string]string{}
		}
		if value == "" {
			value = one.Endpoint.Default
		}
		u, err := ParseAddress(value)
		if err != nil {
			return fmt.Errorf("%q is not an address like %s", shown(value), one.Endpoint.Default)
		}
		addresses[one.Platform][one.Endpoint.Name] = u.String()
		return nil
	}
	if value == "" {
		return nil
	}
	if one.Version {
		if !versionForm.MatchString(value) {
			return fmt.Errorf("%q is not a version: they look like v26.0 or 202609", value)
		}
		versions[one.Platform] = value
		return nil
	}
	if one.File {
		b, err := os.ReadFile(value)
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			return fmt.Errorf("it is to name a file, and that cannot be read: %w", pe.Err) // it may be the secret itself
		}
		if err != nil {
			return errors.New("it is to name a file, and that cannot be read")
		}
		if value = strings.TrimSpace(string(b)); value == "" {
			return errors.New("the file is empty")
		}
		if !apps[one.Slot][one.Field.Key].IsZero() {
			return errors.New("give either the value or a file, not both")
		}
	}
	if apps[one.Slot] == nil {
		apps[one.Slot] = platforms.App{}
	}
	apps[one.Slot][one.Field.Key] = platforms.NewSecret(value)
	return nil
}
