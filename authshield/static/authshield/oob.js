let f=document.oob,z=()=>setTimeout(w,3e3),w=()=>fetch(f.dataset.to).then(r=>r.status==202?z():f.requestSubmit(),z);w()
