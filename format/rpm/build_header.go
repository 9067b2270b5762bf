package rpm

import (
	"path"
	"slices"
	"strings"
)

// header makes the main header's tags.
func (b *Build) header(files []File, p *payload) *HeaderBuilder {
	h := new(HeaderBuilder)
	h.SetStrings(TagHeaderI18NTable, "C")
	h.SetString(TagName, b.Name)
	h.SetString(TagVersion, b.Version)
	h.SetString(TagRelease, b.Release)
	if b.Epoch != nil {
		h.SetInt32(TagEpoch, *b.Epoch)
	}
	h.SetI18N(TagSummary, b.Summary)
	h.SetI18N(TagDescription, b.Description)
	h.SetI18N(TagGroup, or(b.Group, "Unspecified"))
	h.SetInt32(TagBuildTime, uint32(b.BuildTime))
	h.SetString(TagBuildHost, or(b.BuildHost, "localhost"))
	if p.installed > 0xffffffff {
		h.SetInt64(TagLongSize, uint64(p.installed))
	} else {
		h.SetInt32(TagSize, uint32(p.installed))
	}
	for tag, s := range map[Tag]string{
		TagDistribution: b.Distribution, TagVendor: b.Vendor, TagLicense: b.License, TagPackager: b.Packager,
		TagURL: b.URL, TagBugURL: b.Bugs, TagOptFlags: b.OptFlags, TagPlatform: b.Platform,
		TagDistTag: b.DistTag, TagVCS: b.VCS, TagModularityLabel: b.ModularityLabel,
	} {
		if s != "" {
			h.SetString(tag, s)
		}
	}
	h.SetString(TagOS, or(b.OS, "linux"))
	h.SetString(TagArch, b.Arch)
	h.SetString(TagRPMVersion, or(b.RPMVersion, "4.18.0"))
	h.SetString(TagEncoding, "utf-8")
	h.SetStrings(TagExclusiveArch, b.ExclusiveArch...)
	h.SetStrings(TagExcludeArch, b.ExcludeArch...)
	h.SetStrings(TagBuildArchs, b.BuildArchs...)
	if b.Source {
		h.SetInt32(TagSourcePackage, 1)
		h.SetInt32(TagNoSource, b.NoSource...)
	} else {
		h.SetString(TagSourceRPM, or(b.SourceRPM, b.Name+"-"+b.Version+"-"+b.Release+".src.rpm"))
	}
	h.SetString(TagPayloadFormat, "cpio")
	if p.compressor != "" {
		h.SetString(TagPayloadCompressor, p.compressor)
		h.SetString(TagPayloadFlags, p.flags)
	}
	h.SetStrings(TagPayloadDigest, p.sum)
	h.SetStrings(TagPayloadDigestAlt, p.openSum)
	h.SetInt32(TagPayloadDigestAlgo, digestSHA256)
	b.deps(h, p, len(files) > 0)
	b.scripts(h)
	h.changelog(b.Changelog)
	h.files(files, b.Source)
	return h
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (b *Build) deps(h *HeaderBuilder, p *payload, files bool) {
	provides, requires := b.Provides, slices.Concat(b.Requires, b.rpmlib(p, files))
	self := Dep{b.Name, SenseEqual, b.EVR()}
	if !b.Source && !b.NoSelfProvide && !slices.Contains(provides, self) {
		provides = append(slices.Clone(provides), self)
	}
	h.deps(provides, TagProvideName, TagProvideFlags, TagProvideVersion)
	h.deps(requires, TagRequireName, TagRequireFlags, TagRequireVersion)
	h.deps(b.Conflicts, TagConflictName, TagConflictFlags, TagConflictVersion)
	h.deps(b.Obsoletes, TagObsoleteName, TagObsoleteFlags, TagObsoleteVersion)
	h.deps(b.Recommends, TagRecommendName, TagRecommendFlags, TagRecommendVersion)
	h.deps(b.Suggests, TagSuggestName, TagSuggestFlags, TagSuggestVersion)
	h.deps(b.Supplements, TagSupplementName, TagSupplementFlags, TagSupplementVersion)
	h.deps(b.Enhances, TagEnhanceName, TagEnhanceFlags, TagEnhanceVersion)
}

// rpmlib names the features of rpm that the package needs to be installed.
func (b *Build) rpmlib(p *payload, files bool) []Dep {
	var out []Dep
	need := func(feature, version string) {
		out = append(out, Dep{"rpmlib(" + feature + ")", SenseLess | SenseEqual | SenseRPMLib, version})
	}
	need("CompressedFileNames", "3.0.4-1")
	if files {
		need("FileDigests", "4.6.0-1")
	}
	if !b.Source {
		need("PayloadFilesHavePrefix", "4.0-1")
	}
	if p.compressor == "zstd" {
		need("PayloadIsZstd", "5.4.18-1")
	}
	if slices.ContainsFunc(b.Files, func(f File) bool { return f.Caps != "" }) {
		need("FileCaps", "4.6.1-1")
	}
	var rich, tilde, caret bool
	for _, d := range slices.Concat(b.Provides, b.Requires, b.Conflicts, b.Obsoletes,
		b.Recommends, b.Suggests, b.Supplements, b.Enhances, []Dep{{b.Name, SenseEqual, b.EVR()}}) {
		rich = rich || strings.HasPrefix(d.Name, "(")
		tilde = tilde || strings.Contains(d.Version, "~")
		caret = caret || strings.Contains(d.Version, "^")
	}
	if rich {
		need("RichDependencies", "4.12.0-1")
	}
	if tilde {
		need("TildeInVersions", "4.10.0-1")
	}
	if caret {
		need("CaretInVersions", "4.15.0-1")
	}
	return out
}

// deps writes three parallel arrays, sorted by name as rpm searches them.
func (h *HeaderBuilder) deps(in []Dep, name, flags, version Tag) {
	ds := slices.Clone(in)
	slices.SortStableFunc(ds, func(a, b Dep) int { return strings.Compare(a.Name, b.Name) })
	ns, vs, fs := make([]string, len(ds)), make([]string, len(ds)), make([]uint32, len(ds))
	for i, d := range ds {
		ns[i], vs[i], fs[i] = d.Name, d.Version, uint32(d.Flags)
	}
	h.SetStrings(name, ns...)
	h.SetInt32(flags, fs...)
	h.SetStrings(version, vs...)
}

func (h *HeaderBuilder) changelog(cs []Change) {
	times, names, texts := make([]uint32, len(cs)), make([]string, len(cs)), make([]string, len(cs))
	for i, c := range cs {
		times[i], names[i], texts[i] = uint32(c.Time), c.Author, c.Text
	}
	h.SetInt32(TagChangelogTime, times...)
	h.SetStrings(TagChangelogName, names...)
	h.SetStrings(TagChangelogText, texts...)
}

func (b *Build) scripts(h *HeaderBuilder) {
	for _, s := range []struct {
		script     *Script
		body, prog Tag
	}{
		{b.PreTrans, TagPreTrans, TagPreTransProg},
		{b.PreIn, TagPreIn, TagPreInProg},
		{b.PostIn, TagPostIn, TagPostInProg},
		{b.PreUn, TagPreUn, TagPreUnProg},
		{b.PostUn, TagPostUn, TagPostUnProg},
		{b.PostTrans, TagPostTrans, TagPostTransProg},
		{b.VerifyScript, TagVerifyScript, TagVerifyScriptProg},
	} {
		if s.script == nil {
			continue
		}
		if s.script.Body != "" {
			h.SetString(s.body, s.script.Body)
		}
		prog := s.script.Prog
		if len(prog) == 0 {
			prog = []string{"/bin/sh"}
		}
		if len(prog) == 1 {
			h.SetString(s.prog, prog[0])
		} else {
			h.SetStrings(s.prog, prog...)
		}
	}
	h.triggers(b.FileTriggers, false, TagFileTriggerScripts, TagFileTriggerProg, TagFileTriggerName,
		TagFileTriggerIndex, TagFileTriggerVersion, TagFileTriggerFlags, TagFileTriggerPrio)
	h.triggers(b.FileTriggers, true, TagTransFileTrigScripts, TagTransFileTrigProg, TagTransFileTrigName,
		TagTransFileTrigIndex, TagTransFileTrigVersion, TagTransFileTrigFlags, TagTransFileTrigPrio)
}

func (h *HeaderBuilder) triggers(ts []FileTrigger, trans bool, scripts, progs, names, index, versions, flags, prio Tag) {
	var ss, ps, ns, vs []string
	var is, fs, prios []uint32
	for _, t := range ts {
		if t.Trans != trans {
			continue
		}
		prog := "/bin/sh"
		if len(t.Script.Prog) > 0 {
			prog = t.Script.Prog[0]
		}
		for _, p := range t.Prefixes {
			ns, vs = append(ns, p), append(vs, "")
			fs, is = append(fs, uint32(t.On)), append(is, uint32(len(ss)))
		}
		ss, ps = append(ss, t.Script.Body), append(ps, prog)
		if t.Priority == 0 {
			t.Priority = 1000000
		}
		prios = append(prios, t.Priority)
	}
	h.SetStrings(scripts, ss...)
	h.SetStrings(progs, ps...)
	h.SetStrings(names, ns...)
	h.SetInt32(index, is...)
	h.SetStrings(versions, vs...)
	h.SetInt32(flags, fs...)
	h.SetInt32(prio, prios...)
}

// files writes the parallel arrays of the files.
func (h *HeaderBuilder) files(files []File, source bool) {
	n := len(files)
	if n == 0 {
		return
	}
	var sizes, mtimes, flags, verify, devices, inodes, dirIndex, colors []uint32
	var modes, rdevs []uint16
	var digests, links, users, groups, langs, bases, dirs, caps []string
	dirNumber := map[string]uint32{}
	anyCaps := false
	for i, f := range files {
		dir, base := path.Split(f.Path)
		if source {
			dir = ""
		}
		number, ok := dirNumber[dir]
		if !ok {
			number = uint32(len(dirs))
			dirNumber[dir] = number
			dirs = append(dirs, dir)
		}
		dirIndex, bases = append(dirIndex, number), append(bases, base)
		sizes, mtimes = append(sizes, uint32(f.Size)), append(mtimes, uint32(f.MTime))
		flags, verify = append(flags, uint32(f.Flags)), append(verify, 0xffffffff)
		devices, inodes = append(devices, 1), append(inodes, uint32(i+1))
		modes, rdevs = append(modes, uint16(f.Mode)), append(rdevs, f.Rdev)
		digests, links = append(digests, f.Digest), append(links, f.LinkTo)
		users, groups = append(users, f.User), append(groups, f.Group)
		langs, caps, colors = append(langs, ""), append(caps, f.Caps), append(colors, 0)
		anyCaps = anyCaps || f.Caps != ""
	}
	h.SetInt32(TagFileSizes, sizes...)
	h.SetInt16(TagFileModes, modes...)
	h.SetInt16(TagFileRdevs, rdevs...)
	h.SetInt32(TagFileMTimes, mtimes...)
	h.SetStrings(TagFileDigests, digests...)
	h.SetStrings(TagFileLinkTos, links...)
	h.SetInt32(TagFileFlags, flags...)
	h.SetStrings(TagFileUserName, users...)
	h.SetStrings(TagFileGroupName, groups...)
	h.SetInt32(TagFileVerifyFlags, verify...)
	h.SetInt32(TagFileDevices, devices...)
	h.SetInt32(TagFileInodes, inodes...)
	h.SetStrings(TagFileLangs, langs...)
	h.SetInt32(TagFileColors, colors...)
	h.SetInt32(TagDirIndexes, dirIndex...)
	h.SetStrings(TagBaseNames, bases...)
	h.SetStrings(TagDirNames, dirs...)
	h.SetInt32(TagFileDigestAlgo, digestSHA256)
	if anyCaps {
		h.SetStrings(TagFileCaps, caps...)
	}
}
