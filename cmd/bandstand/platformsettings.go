package main

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

// platformSettings are the settings that the platforms ask for: an address for
// each endpoint, a version where the platform ends them, a value for each field of
// a platform app. They are made from
// what platforms say of themselves, so that no other place needs to know them.
type platformSettings struct {
	Values kong.Plugins `embed:""`

	settings []platformSetting
}

// platformSetting is one flag.
type platformSetting struct {
	flag, help, placeholder, group string

	endpoint *platforms.Endpoint // with platform
	version  bool                // of its interface, with platform
	platform platforms.ID
	slot     string // with field
	field    platforms.AppField
	file     bool // the value is the name of a file that holds it
}

// newPlatformSettings makes the settings for these platforms, in their order.
func newPlatformSettings(infos []platforms.Info) platformSettings {
	var s platformSettings
	var slots []string
	for _, i := range infos {
		if i.AppSlot != "" && !slices.Contains(slots, i.AppSlot) {
			slots = append(slots, i.AppSlot)
			s.addApp(i)
		}
	}
	for _, i := range infos {
		for _, e := range i.Endpoints {
			s.settings = append(s.settings, platformSetting{
				flag: fmt.Sprintf("%s-%s-url", i.ID, e.Name), placeholder: "URL", group: "addresses",
				help: fmt.Sprintf("%s. Usually %s.", i.Name, e.Default), platform: i.ID, endpoint: &e,
			})
		}
	}
	for _, i := range infos {
		if i.API.Version == "" {
			continue
		}
		s.settings = append(s.settings, platformSetting{
			flag: fmt.Sprintf("%s-version", i.ID), placeholder: "VERSION", group: "versions",
			help: fmt.Sprintf("%s. Usually %s.", i.Name, i.API.Version), platform: i.ID, version: true,
		})
	}
	s.Values = kong.Plugins{s.form()}
	return s
}

func (s *platformSettings) addApp(i platforms.Info) {
	for _, f := range i.AppFields {
		one := platformSetting{
			flag: i.AppSlot + "-" + strings.ReplaceAll(f.Key, "_", "-"), placeholder: "TEXT", group: "apps",
			help: fmt.Sprintf("%s of the %s.", f.Label, i.AppName), slot: i.AppSlot, field: f,
		}
		if f.Secret {
			one.help += " Better in the variable or in a file: others can see flags."
		}
		s.settings = append(s.settings, one)
		if f.Secret {
			one.flag, one.placeholder, one.file = one.flag+"-file", "FILE", true
			one.help = fmt.Sprintf("File that holds the %s of the %s.", f.Label, i.AppName)
			s.settings = append(s.settings, one)
		}
	}
}

// form is a pointer to a struct with one string for each setting.
func (s *platformSettings) form() any {
	fields := make([]reflect.StructField, len(s.settings))
	for i, one := range s.settings {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("Value%d", i), Type: reflect.TypeFor[string](),
			Tag: reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q group:%q", one.flag, one.help, one.placeholder, one.group)),
		}
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

func (s *platformSettings) value(i int) string {
	if len(s.Values) == 0 {
		return ""
	}
	return strings.TrimSpace(reflect.ValueOf(s.Values[0]).Elem().Field(i).String())
}

// check reads the settings and reports everything that is wrong at once.
func (s *platformSettings) check() (app.Endpoints, map[platforms.ID]string, map[string]platforms.App, error) {
	addresses, versions, apps := app.Endpoints{}, map[platforms.ID]string{}, map[string]platforms.App{}
	var faults []error
	for i, one := range s.settings {
		if err := s.read(one, s.value(i), addresses, versions, apps); err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", one.flag, err))
		}
	}
	for _, one := range s.settings {
		if one.slot == "" || one.file || len(apps[one.slot]) == 0 || !apps[one.slot][one.field.Key].IsZero() {
			continue
		}
		faults = append(faults, fmt.Errorf("--%s: it is missing, and the rest of this platform app is there", one.flag))
	}
	return addresses, versions, apps, errors.Join(faults...)
}

// versionForm is how versions are written: v26.0, 202609.
var versionForm = regexp.MustCompile(`^v?[0-9]{1,8}(\.[0-9]{1,4})?$`)

func (s *platformSettings) read(one platformSetting, value string, addresses app.Endpoints, versions map[platforms.ID]string, apps map[string]platforms.App) error {
	if one.endpoint != nil {
		if addresses[one.platform] == nil {
			addresses[one.platform] = map[string]string{}
		}
		if value == "" {
			value = one.endpoint.Default
		}
		u, err := parseAddress(value)
		if err != nil {
			return fmt.Errorf("%q is not an address like %s", shown(value), one.endpoint.Default)
		}
		addresses[one.platform][one.endpoint.Name] = u.String()
		return nil
	}
	if value == "" {
		return nil
	}
	if one.version {
		if !versionForm.MatchString(value) {
			return fmt.Errorf("%q is not a version: they look like v26.0 or 202609", value)
		}
		versions[one.platform] = value
		return nil
	}
	if one.file {
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
		if !apps[one.slot][one.field.Key].IsZero() {
			return errors.New("give either the value or a file, not both")
		}
	}
	if apps[one.slot] == nil {
		apps[one.slot] = platforms.App{}
	}
	apps[one.slot][one.field.Key] = platforms.NewSecret(value)
	return nil
}
