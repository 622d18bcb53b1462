package club

import "slices"

// DefaultLanguage is the language of a club's posts if nobody chose another.
const DefaultLanguage = "en"

// Language is one that the posts of a club can be written in.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself
}

// Languages lists what a club can choose from, by tag. The names are those of the
// Unicode CLDR, with a capital letter.
func Languages() []Language { return slices.Clone(languages) }

var languages = []Language{
	{"af", "Afrikaans"},
	{"ar", "العربية"},
	{"az", "Azərbaycanca"},
	{"be", "Беларуская"},
	{"bg", "Български"},
	{"bn", "বাংলা"},
	{"bs", "Bosanski"},
	{"ca", "Català"},
	{"cs", "Čeština"},
	{"cy", "Cymraeg"},
	{"da", "Dansk"},
	{"de", "Deutsch"},
	{"el", "Ελληνικά"},
	{"en", "English"},
	{"eo", "Esperanto"},
	{"es", "Español"},
	{"et", "Eesti"},
	{"eu", "Euskara"},
	{"fa", "فارسی"},
	{"fi", "Suomi"},
	{"fil", "Filipino"},
	{"fo", "Føroyskt"},
	{"fr", "Français"},
	{"fy", "Frysk"},
	{"ga", "Gaeilge"},
	{"gd", "Gàidhlig"},
	{"gl", "Galego"},
	{"gsw", "Schwiizerdütsch"},
	{"gu", "ગુજરાતી"},
	{"he", "עברית"},
	{"hi", "हिन्दी"},
	{"hr", "Hrvatski"},
	{"hu", "Magyar"},
	{"hy", "Հայերեն"},
	{"id", "Bahasa Indonesia"},
	{"is", "Íslenska"},
	{"it", "Italiano"},
	{"ja", "日本語"},
	{"ka", "ქართული"},
	{"kk", "Қазақ тілі"},
	{"km", "ខ្មែរ"},
	{"kn", "ಕನ್ನಡ"},
	{"ko", "한국어"},
	{"ky", "Кыргызча"},
	{"lb", "Lëtzebuergesch"},
	{"lo", "ລາວ"},
	{"lt", "Lietuvių"},
	{"lv", "Latviešu"},
	{"mi", "Māori"},
	{"mk", "Македонски"},
	{"ml", "മലയാളം"},
	{"mn", "Монгол"},
	{"mr", "मराठी"},
	{"ms", "Bahasa Melayu"},
	{"mt", "Malti"},
	{"my", "မြန်မာ"},
	{"nb", "Norsk bokmål"},
	{"ne", "नेपाली"},
	{"nl", "Nederlands"},
	{"nn", "Norsk nynorsk"},
	{"pa", "ਪੰਜਾਬੀ"},
	{"pl", "Polski"},
	{"ps", "پښتو"},
	{"pt", "Português"},
	{"pt-BR", "Português (Brasil)"},
	{"rm", "Rumantsch"},
	{"ro", "Română"},
	{"ru", "Русский"},
	{"se", "Davvisámegiella"},
	{"si", "සිංහල"},
	{"sk", "Slovenčina"},
	{"sl", "Slovenščina"},
	{"so", "Soomaali"},
	{"sq", "Shqip"},
	{"sr", "Српски"},
	{"sr-Latn", "Srpski (latinica)"},
	{"sv", "Svenska"},
	{"sw", "Kiswahili"},
	{"ta", "தமிழ்"},
	{"te", "తెలుగు"},
	{"th", "ไทย"},
	{"tr", "Türkçe"},
	{"uk", "Українська"},
	{"ur", "اردو"},
	{"uz", "Oʻzbekcha"},
	{"vi", "Tiếng Việt"},
	{"zh-Hans", "简体中文"},
	{"zh-Hant", "繁體中文"},
	{"zu", "isiZulu"},
}

// ParseLanguage checks the language chosen in a form.
func ParseLanguage(field, tag string) (string, error) {
	if !slices.ContainsFunc(languages, func(l Language) bool { return l.Tag == tag }) {
		return "", Fault(field, "choose_listed")
	}
	return tag, nil
}
